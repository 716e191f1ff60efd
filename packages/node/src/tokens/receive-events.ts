import { hash, timingSafeEqual } from 'node:crypto'
import { errors } from 'jose'
import { AuthError } from '../auth-error.ts'
import type { Fetch } from '../options.ts'
import { outgoing } from '../outgoing.ts'
import { mediaType, readText } from '../request-body.ts'
import { type EventPoll, pollEvents } from './event-poll.ts'
import type { HeardEnd } from './heard.ts'
import { issuerKeys, judgesJwt } from './issuer-keys.ts'
import { issuerMetadata } from './issuer-metadata.ts'
import { endsIn, readEventToken } from './security-event.ts'

/** Options of `receiveEvents`. */
export interface EventOptions {
  /** The sign-in server, exactly as it calls itself. */
  issuer: string
  /** This receiver in the `aud` of its events: its `client_id` there. */
  audience: string
  /** What is done with an end: `guard.heard`. */
  heard: (end: HeardEnd) => void
  /** The whole `Authorization` header that the stream's pushes bring, as this receiver gave it. Without it none is looked at. */
  authorization?: string
  /** As of `requireToken`. */
  fetch?: Fetch
  now?: () => number
  on_error?: (error: unknown) => void
}

/** Hears the issuer's security events (SSF 1.0), pushed or fetched. */
export interface EventReceiver {
  /**
   * Takes one event that is pushed (RFC 8935): answers 202 once it has been heard, 400 for what will never count, 503 for
   * what may count the next time.
   */
  push(request: Request): Promise<Response>
  /** Fetches events from now on (RFC 8936), until it is stopped. */
  poll(from: EventPoll): { stop(): Promise<void> }
  /** Stops all that is being fetched. */
  close(): Promise<void>
}

/** Largest event, in bytes. */
const mostBytes = 32 * 1024

/** Longest that a fetch may be held open by the issuer, in milliseconds. */
const longestPollMs = 60_000

/**
 * Makes a receiver. An event that comes twice is heard twice, which changes nothing; so nothing is kept of events.
 * @throws AuthError `invalid_options`
 */
export function receiveEvents(options: EventOptions): EventReceiver {
  const { issuer, audience, heard, authorization } = options
  if (!issuer || !audience || typeof heard !== 'function')
    throw new AuthError('invalid_options', 'issuer, audience and heard: give all of them')
  const now = options.now ?? (() => Date.now() / 1000)
  const onError = options.on_error ?? (error => console.error(error))
  const own = options.fetch ? undefined : outgoing(longestPollMs)
  const fetch = options.fetch ?? (own as NonNullable<typeof own>).fetch
  const keys = issuerKeys(issuerMetadata({ issuer }, fetch), fetch)
  const polls = new Set<{ stop(): Promise<void> }>()

  /** @throws what is wrong with the event, or what kept it from being checked */
  async function hear(jwt: string): Promise<void> {
    const event = await readEventToken(jwt, await keys(), { issuer, audience, now: now() })
    for (const end of endsIn(event, issuer)) heard(end)
  }

  return {
    async push(request) {
      if (authorization !== undefined && !isSame(request.headers.get('authorization'), authorization))
        return refused('authentication_failed', 'Authorization is not what this stream was given')
      if (mediaType(request) !== 'application/secevent+jwt')
        return refused('invalid_request', 'send application/secevent+jwt')
      const jwt = await readText(request, mostBytes)
      if (jwt === undefined) return refused('invalid_request', `it is larger than ${mostBytes} bytes`)
      try {
        await hear(jwt)
        return new Response(null, { status: 202, headers: { 'cache-control': 'no-store' } })
      } catch (error) {
        if (judgesJwt(error)) return refused(codeOf(error), error.message)
        onError(error)
        return new Response(null, { status: 503, headers: { 'retry-after': '5' } })
      }
    },
    poll(from) {
      const poll = pollEvents(from, {
        fetch,
        onError,
        hear,
        codeOf: error => judgesJwt(error) && codeOf(error)
      })
      polls.add(poll)
      return poll
    },
    async close() {
      await Promise.all([...polls].map(it => it.stop()))
      await own?.close()
    }
  }
}

/** What is wrong, as RFC 8935 §2.4 names it. */
function codeOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'invalid_issuer'
    if (error.claim === 'aud') return 'invalid_audience'
  }
  const isOfKeys =
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed
  return isOfKeys ? 'invalid_key' : 'invalid_request'
}

const refused = (err: string, description: string): Response =>
  Response.json(
    { err, description },
    { status: 400, headers: { 'cache-control': 'no-store', 'content-language': 'en' } }
  )

function isSame(given: string | null, expected: string): boolean {
  const digest = (text: string): Buffer => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(given ?? ''), digest(expected))
}
