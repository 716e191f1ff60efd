import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { type Client, originsOf } from '../clients/client.ts'
import { UtgangError } from '../errors.ts'
import { provenance } from '../web/fetch-metadata.ts'
import { queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'

/**
 * Finds out for which client's page a script tag asks. JSONP has no origin check in the browser, so it is made here:
 * the page that holds the tag, by its Referer, is on the origin of a redirect URI of the client and of the
 * `redirect_uri` that it sends. What no page's tag would send is refused, whatever the Referer says.
 * @throws UtgangError `access_denied` with what was wrong; `duplicate_parameter`
 */
export async function scriptCaller(
  request: FastifyRequest,
  { clients }: Pick<DoorParts, 'clients'>
): Promise<Client> {
  const { client_id = '', redirect_uri } = queryOf(request)
  if (!isScriptTag(request.headers)) throw denied('only a script tag of a page may ask')
  const { refererOrigin } = provenance(request.headers)
  if (refererOrigin === undefined)
    throw denied('no Referer came: pages that ask need the Referrer-Policy strict-origin, or none')
  if (redirect_uri === undefined || originOf(redirect_uri) !== refererOrigin)
    throw denied('redirect_uri is not on the origin of the page that asks')
  const client = await clients.find(client_id)
  if (!client?.legacyJsonp) throw denied('client_id is not a client with legacy_jsonp')
  if (!originsOf(undefined, client.redirectUris).includes(refererOrigin))
    throw denied('the page that asks is not on the origin of a redirect URI of this client')
  return client
}

/**
 * Whether a request is what a script tag on a page of another origin sends, by all that the browser says. Browsers
 * that say nothing (no Fetch Metadata) are judged by the Referer alone. A plain tag sends no `Origin`.
 */
function isScriptTag(headers: IncomingHttpHeaders): boolean {
  const { site, dest, prefetch, origin } = provenance(headers)
  const mode = headers['sec-fetch-mode']
  if (origin !== undefined || prefetch || headers['sec-purpose'] !== undefined) return false
  if (site === undefined && dest === undefined && mode === undefined) return true
  return dest === 'script' && mode === 'no-cors' && (site === 'same-site' || site === 'cross-site')
}

function originOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).origin : undefined
}

const denied = (what: string): UtgangError => new UtgangError('access_denied', what)
