const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export interface SignUpProblem {
  field: 'email' | 'name' | 'password'
  code: 'required' | 'invalid' | 'too_short'
}
export function signUpPage(p: {
  action: string
  email?: string
  name?: string
  problems: SignUpProblem[]
  signInHref: string
  clientName?: string
  locale?: string
}): string {
  return `<form action="${e(p.action)}" method=post><input name=email><input name=name><input name=password><button id="sign-up"></button></form>`
}
export function signUpCheckPage(p: { signInHref: string; locale?: string }): string {
  return `<p id="sign-up-received"><a href="${e(p.signInHref)}">`
}
