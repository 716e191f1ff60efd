import { refusal } from './answers.ts'

/**
 * Whether a request that changes something comes from a page of this very site; if not, the refusal. A form of another site
 * cannot name this origin, and its script would have to ask for permission, which is given to nobody.
 */
export function refuseOthers(request: Request, origin: string): Response | undefined {
  const site = request.headers.get('sec-fetch-site')
  // Browsers without Fetch Metadata send no Sec-Fetch-Site. They all send Origin with a POST.
  if (request.headers.get('origin') === origin && (site === null || site === 'same-origin')) return undefined
  return refusal(403, 'forbidden', 'Only pages of this site may ask for this')
}
