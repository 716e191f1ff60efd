import { createHmac } from 'node:crypto'
import type { Client } from '../clients/client.ts'
import type { SessionGlance } from '../storage/records.ts'
import type { DoorParts } from './door.ts'

/** How long SPiD's clients go by an answer, in seconds: they hear of a logout elsewhere only by the next one. */
const keptSeconds = { signedIn: 60, signedOut: 10 }

/** A session as SPiD's clients are told of one: of the user only what they cannot do without. */
export interface PlatformSession {
  result: true
  /** The server's time, in seconds. */
  serverTime: number
  /** How long the client may go by this, in seconds. */
  expiresIn: number
  userStatus: 'connected'
  userId: string | number
  /** The user as this client alone knows them. */
  uuid: string
  displayName: string
  // To be connected is to have agreed; pages of SPiD's time ask for both.
  clientAgreementAccepted: true
  defaultAgreementAccepted: true
  /** The other fields, signed: see {@link signed}. */
  sig?: string
}

/**
 * A live session for a client that is connected to it. No `baseDomain` and no `sp_id`: SPiD's scripts would make a
 * cookie of these that outlives a logout.
 * @param more fields that this endpoint adds; they are signed too
 */
export function platformSession<More extends object>(
  session: SessionGlance,
  client: Client,
  parts: Pick<DoorParts, 'clock' | 'sdkNames' | 'sealer'>,
  more: More
): PlatformSession & More {
  const now = parts.clock.now()
  const told = {
    result: true,
    serverTime: now,
    expiresIn: Math.min(keptSeconds.signedIn, session.expiresAt - now),
    userStatus: 'connected',
    userId: platformUserId(session.sub),
    uuid: parts.sdkNames.uuidOf(session.sub, client.clientId),
    displayName: session.name,
    clientAgreementAccepted: true,
    defaultAgreementAccepted: true,
    ...more
  } as const
  return signedFor(client, told, parts)
}

/** An answer with its signature (`sig`), for a client that has a secret for it. */
export function signedFor<Fields extends object>(
  { signSecretSealed }: Client,
  fields: Fields,
  { sealer }: Pick<DoorParts, 'sealer'>
): Fields & { sig?: string } {
  return signSecretSealed === undefined
    ? fields
    : { ...fields, sig: signed(fields, sealer.open(signSecretSealed)) }
}

/** What stands beside an error where no session is told of, be there none or one that the client may not know of. */
export function noPlatformSession(now: number): {
  result: false
  serverTime: number
  expiresIn: number
  userStatus: 'unknown'
} {
  // To SPiD's clients `notConnected` would say that somebody is signed in.
  return { result: false, serverTime: now, expiresIn: keptSeconds.signedOut, userStatus: 'unknown' }
}

/**
 * A user as SPiD's clients know them: a number where the `sub` is one, as accounts of SPiD's are numbered, else the
 * text. They compare it strictly, so it is the same each time.
 */
export function platformUserId(sub: string): string | number {
  return /^[1-9]\d{0,15}$/.test(sub) && Number.isSafeInteger(Number(sub)) ? Number(sub) : sub
}

/** SPiD's signature: base64url of the HMAC-SHA256, a dot, base64url of the JSON; the HMAC is over that second part. */
function signed(fields: object, secret: string): string {
  const payload = Buffer.from(JSON.stringify({ ...fields, algorithm: 'HMAC-SHA256' })).toString('base64url')
  return `${createHmac('sha256', secret).update(payload).digest('base64url')}.${payload}`
}
