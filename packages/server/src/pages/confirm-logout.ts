const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export function confirmLogoutPage(p: {
  action: string
  request: string
  user: { name: string; email: string }
  clientName?: string
  locale?: string
}): string {
  return `<form id="confirm-logout" method="post" action="${e(p.action)}"><input type=hidden name="request" value="${e(p.request)}"><button id="confirm"></button></form>`
}
