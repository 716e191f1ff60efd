import { StatusList } from '@sd-jwt/jwt-status-list'
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { clients, issuer } from '../support/fixtures.ts'
import { claimsOf } from '../support/sign-in.ts'
import { openSystem, type TestOptions, type TestSystem } from '../support/system.ts'

/** The clients of the fixtures, each with JWT access tokens. */
export const jwtClients = clients.map(it => ({ ...it, access_token_format: 'jwt' }))

/** A system whose clients all have JWT access tokens. */
export const openJwtSystem = ({ config, ...options }: TestOptions = {}): Promise<TestSystem> =>
  openSystem({ ...options, config: { clients: jwtClients, ...config } })

/** Where a token's status is. */
export interface Place {
  idx: number
  uri: string
}

/** The place that an access token names. */
export function placeOf(accessToken: string): Place {
  const { status } = claimsOf(accessToken) as { status: { status_list: Place } }
  return status.status_list
}

/** Checks a JWT of this server by its published keys. */
export async function verified(
  at: TestSystem,
  jwt: string,
  typ: string
): Promise<JWTPayload & Record<string, unknown>> {
  const keys = (await at.ask('/oauth/jwks')).json() as unknown as JSONWebKeySet
  const { payload } = await jwtVerify(jwt, createLocalJWKSet(keys), {
    typ,
    currentDate: new Date(),
    clockTolerance: 1
  })
  return payload
}

/** A status list as an API gets it, decoded by another implementation than ours. */
export async function listAt(
  at: TestSystem,
  uri: string
): Promise<{ asOf: number; bit(idx: number): number }> {
  const answer = await at.ask(uri.slice(issuer.length))
  if (answer.status !== 200) throw new Error(`no list: ${answer.status} ${answer.text}`)
  const claims = await verified(at, answer.text, 'statuslist+jwt')
  const { lst } = claims.status_list as { lst: string }
  const list = StatusList.decompressStatusList(lst, 1)
  return { asOf: Number(claims.iat), bit: idx => list.getStatus(idx) }
}

/** What the list says of a token now: 0 alive, 1 dead. */
export async function bitOf(at: TestSystem, accessToken: string): Promise<number> {
  const { idx, uri } = placeOf(accessToken)
  return (await listAt(at, uri)).bit(idx)
}
