const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export function selectAccountPage(p: {
  action: string
  user: { name: string; email: string }
  clientName: string
  locale?: string
}): string {
  return `<form action="${e(p.action)}" method=post><button id="continue" name=choice value=continue></button><button id="other" name=choice value=other></button></form>`
}
