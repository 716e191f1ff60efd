import { StatusList } from '@sd-jwt/jwt-status-list'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { requireToken, type TokenGuard, type TokenOptions } from '../../../src/tokens/index.ts'

/** An issuer made for what no honest one does. */
export const issuer = 'https://id.example'
/** The API, as its tokens name it. */
export const api = 'https://api.example/'
/** The address of its only status list. */
export const uri = `${issuer}/lists/1`

const keys = await generateKeyPair('RS256', { extractable: true })

/** Its keys as it publishes them. */
export const publicKeys = {
  keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }]
}

/** The present instant; every test sets it. */
export const clock = { now: 1_800_000_000 }

/** What a JWT says instead of the usual; `undefined` takes a claim away. */
export interface Otherwise {
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
  /** Signs in the place of the issuer's key. */
  key?: CryptoKey | Uint8Array
}

/** A token, good but for what is said. Its place is 7. */
export const accessToken = ({ claims, ...rest }: Otherwise = {}): Promise<string> =>
  signed(
    {
      ...{ iss: issuer, aud: api, sub: 'ola', client_id: 'news', scope: 'things', sid: 'a-sid' },
      ...{ jti: crypto.randomUUID(), iat: clock.now, exp: clock.now + 3600 },
      status: { status_list: { idx: 7, uri } },
      ...claims
    },
    'at+jwt',
    rest
  )

/** A status list of 64 places, made by another implementation; good but for what is said. */
export function statusList(
  statuses: Record<number, number> = {},
  { claims, ...rest }: Otherwise = {},
  bits: 1 | 2 | 4 | 8 = 1
): Promise<string> {
  const list = new StatusList(Array<number>(64).fill(0), bits)
  for (const [place, status] of Object.entries(statuses)) list.setStatus(Number(place), status)
  return signed(
    {
      ...{ sub: uri, iat: clock.now, exp: clock.now + 300, ttl: 5 },
      status_list: { bits, lst: list.compressStatusList() },
      ...claims
    },
    'statuslist+jwt',
    rest
  )
}

/** What is served at each address; a function that throws is out of reach. */
export interface Served {
  list: () => Promise<string> | string
  keys: () => object
}

/** A guard of the API, and what it asked for. */
export function guardOf(
  served: Partial<Served> = {},
  options: Partial<TokenOptions> = {}
): TokenGuard & { asked: string[]; errors: unknown[]; status(token: string): Promise<number> } {
  const asked: string[] = []
  const errors: unknown[] = []
  const all: Served = { list: () => statusList(), keys: () => publicKeys, ...served }
  const guard = requireToken({
    issuer,
    audience: api,
    jwt: {},
    now: () => clock.now,
    on_error: error => void errors.push(error),
    async fetch(input) {
      const { pathname } = new URL(input)
      asked.push(pathname)
      if (pathname.startsWith('/.well-known/'))
        return Response.json({ issuer, jwks_uri: `${issuer}/keys`, introspection_endpoint: `${issuer}/ask` })
      if (pathname === '/keys') return Response.json(all.keys())
      return new Response(await all.list())
    },
    ...options
  })
  return {
    ...guard,
    asked,
    errors,
    async status(token) {
      const { refusal } = await guard.check({ headers: { authorization: `Bearer ${token}` } })
      return refusal?.status ?? 200
    }
  }
}

function signed(
  claims: JWTPayload,
  typ: string,
  { header, key }: Omit<Otherwise, 'claims'>
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'one', typ, ...header })
    .sign(key ?? keys.privateKey)
}
