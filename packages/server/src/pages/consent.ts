const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export function consentPage(p: {
  action: string
  clientName: string
  clientUri?: string
  scopes: string[]
  user: { name: string; email: string }
  locale?: string
}): string {
  return `<form action="${e(p.action)}" method=post><button id="allow" name=decision value=allow></button><button id="deny" name=decision value=deny></button></form>`
}
