const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export function errorPage(p: {
  code: string
  status: number
  description?: string
  requestId?: string
  signOut?: { action: string; request: string; user: { name: string; email: string } }
  homeHref?: string
  locale?: string
}): string {
  return `<main id="error" data-code="${e(p.code)}">${e(p.description)}${p.signOut ? `<form id="confirm-logout" method="post" action="${e(p.signOut.action)}"><input type=hidden name="request" value="${e(p.signOut.request)}"><button id="confirm"></button></form>` : ''}</main>`
}
