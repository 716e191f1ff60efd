import { originsOf } from '../clients/client.ts'
import type { ClientConfig } from '../config/client-schema.ts'
import { type Config, isLoopback } from '../config/schema.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const what = 'SDK client'

/** The clients whose pages ask and sign out by the browser SDK, or by SPiD's old one. */
export function checkSdkClients({ clients, issuer }: Config): Finding[] {
  const asking = clients.filter(client => client.sdk || client.legacy_jsonp)
  if (asking.length === 0)
    return [ok('SDK clients', 'none: no client has `sdk`, and browsers get no SDK cookie')]
  return asking.flatMap(client => check(client, issuer))
}

function check(client: ClientConfig, issuer: string): Finding[] {
  const { client_id, sdk, legacy_jsonp, redirect_uris, post_logout_redirect_uris } = client
  const own = originsOf(client.origins, redirect_uris)
  // A script tag is told by its Referer, which is compared with the redirect URIs alone.
  const scripted = originsOf(undefined, redirect_uris)
  const found = [
    ...(sdk ? [pagesOf(client_id, 'sdk', own)] : []),
    ...(legacy_jsonp ? [pagesOf(client_id, 'legacy_jsonp', scripted)] : [])
  ]
  const origins = [...new Set([...(sdk ? own : []), ...(legacy_jsonp ? scripted : [])])]
  const open = origins.filter(origin => origin.startsWith('http:') && !isLoopback(origin))
  const elsewhere = origins.filter(origin => isAnotherSite(origin, issuer))
  if (open.length > 0)
    found.push(
      warning(
        what,
        `${client_id}: pages of ${open.join(', ')} can be changed on the way, and ask in its name: use https`
      )
    )
  if (elsewhere.length > 0)
    found.push(
      warning(
        what,
        `${client_id}: to browsers ${elsewhere.join(', ')} is another site than ${issuer}, and many keep the SDK cookie back there. Put both under one domain, or give the SDK a \`backend\`; logout() goes by redirect otherwise.`
      )
    )
  if (redirect_uris.length + post_logout_redirect_uris.length === 0)
    found.push(
      warning(
        what,
        `${client_id} has no address to come back to from a logout by redirect: set \`redirect_uris\``
      )
    )
  return found
}

function pagesOf(clientId: string, key: string, origins: readonly string[]): Finding {
  return origins.length > 0
    ? ok(what, `${clientId} (${key}), pages of ${[...new Set(origins)].join(', ')}`)
    : problem(what, `${clientId} (${key}) has no web origin, so no page may ask: set its \`origins\``)
}

/**
 * Whether two origins are certainly of different sites: a domain that somebody can own has at least two labels, so
 * where these differ they have none in common. Where they are equal only the public suffix list would tell.
 */
function isAnotherSite(one: string, other: string): boolean {
  const end = (origin: string): string => new URL(origin).hostname.split('.').slice(-2).join('.')
  return end(one) !== end(other)
}
