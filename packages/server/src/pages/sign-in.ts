const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export function signInPage(p: {
  action: string
  login?: string
  remember?: boolean
  error?: { code: string; retryAfterSeconds?: number }
  clientName?: string
  signUpHref?: string
  cancelHref?: string
  current?: { name: string; email: string }
  locale?: string
}): string {
  return `<html><form method="post" action="${e(p.action)}">${p.error ? `<p id="error" data-code="${e(p.error.code)}"></p>` : ''}<input name="login" value="${e(p.login)}"><input name="password"><input type=checkbox name="remember" ${p.remember ? 'checked' : ''}><button id="sign-in">in</button></form></html>`
}
