const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export function switchAccountPage(p: {
  action: string
  ticket: string
  from: { name: string; email: string }
  to: { name: string; email: string }
  clientName: string
  locale?: string
}): string {
  return `<form action="${e(p.action)}" method=post><input type=hidden name="ticket" value="${e(p.ticket)}"><button id="switch-account" name=choice value=switch></button><button id="stay" name=choice value=stay></button></form>`
}
