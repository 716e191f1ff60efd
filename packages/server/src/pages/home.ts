const e = (v: unknown): string =>
  String(v ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
export function homePage(p: {
  user?: { name: string; email: string }
  signOutHref: string
  locale?: string
}): string {
  return `<main>${e(p.user?.name)}</main>`
}
