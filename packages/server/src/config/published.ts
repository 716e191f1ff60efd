/** Secrets of the demo, its sites and the documentation. Everybody knows them. */
const published = [/^correct horse battery staple$/, /^demo[-_ ]/i, /replace[-_ ]?me/i, /change[-_ ]?me/i]

/** Whether a secret stands in this repository, for the demo or as an example, and so protects nothing. */
export function isPublished(secret: string): boolean {
  return published.some(known => known.test(secret))
}
