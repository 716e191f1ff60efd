const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export interface SignedOutReceipt {
  id: string
  at: number
  sessionsEnded: number
  tokensRevoked: boolean
  applications: { name: string; uri?: string; state: string }[]
}
export function signedOutPage(p: {
  error?: { code: string }
  clientName?: string
  clientUri?: string
  receipt?: SignedOutReceipt
  signInHref?: string
  locale?: string
}): string {
  return `<main id="signed-out">${p.error ? `<p id="error" data-code="${e(p.error.code)}"><a href="${e(p.clientUri)}">` : ''}</main>`
}
