import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.ts'
import { sdkCookie } from '../sessions/sdk-handle.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import { newSecret } from '../storage/secrets.ts'
import { cookieLine, hasCookie, readCookie } from './cookies.ts'
import { isTopLevel } from './fetch-metadata.ts'

/** Whether any application's pages ask by the SDK, so that browsers need its cookie. */
export const usesSdk = ({ clients }: Pick<Config, 'clients'>): boolean =>
  clients.some(client => client.sdk || client.legacy_jsonp)

/**
 * The `Set-Cookie` value that gives a browser the handle of its session; `undefined` where it has it already, where
 * nobody would ask, and for a frame: there the cookie would land in a jar of the page around it, and stay when the
 * session is long over.
 */
export function handleLine(
  headers: IncomingHttpHeaders,
  { handle, remembered }: { handle: string; remembered: boolean },
  config: Config
): string | undefined {
  if (!usesSdk(config) || !isTopLevel(headers)) return undefined
  // One that is to go with the browser may still be there to last, from an earlier sign-in of the same session.
  if (remembered && readCookie(headers.cookie, sdkCookie) === handle) return undefined
  return sdkCookieLine(handle, config, remembered)
}

/**
 * Puts a mark in the place of the handle: random, it names nothing, and so "signed out" can be told from "no cookie came".
 * Only where this cookie or the session's came with the request. Otherwise browsers that give each site a jar of its own
 * would keep the mark there, and it would still say "signed out" after the next sign-in.
 */
export function markSignedOut(request: FastifyRequest, reply: FastifyReply, config: Config): void {
  const { cookie } = request.headers
  const replaces = hasCookie(cookie, sdkCookie) || (usesSdk(config) && hasCookie(cookie, sessionCookie))
  if (replaces) reply.header('set-cookie', sdkCookieLine(newSecret(), config, true))
}

/** Kept as long as the longest session: a handle that has died meanwhile says "signed out" as well as a mark. */
function sdkCookieLine(value: string, { lifetimes }: Config, lasting: boolean): string {
  return cookieLine(sdkCookie, value, {
    sameSite: 'None',
    maxAge: lasting ? lifetimes.remembered_max_seconds : undefined
  })
}
