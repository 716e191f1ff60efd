import type { ErrorCode } from '../errors.ts'
import type { RecordKind, Session, SessionClient } from '../storage/records.ts'
import { hashSecret, newSecret } from '../storage/secrets.ts'
import type { DoorParts } from './door.ts'
import type { LogoutRequest } from './logout-request.ts'

/** What a page tells after a logout that does not go back to a client, or after one that was refused. */
export type Outcome =
  | {
      error: 'redirect_uri_mismatch'
      clientId: string | undefined
      receiptId: string | null
      locale: string | undefined
    }
  | { refused: ErrorCode; locale: string | undefined }

/** What the page with the frames of a logout needs: whom it asks, and where it goes on. */
export interface FrontChannel {
  receiptId: string
  asked: SessionClient[]
  next: string
  /** Whose address that is; none for a page of ours. */
  nextClientId: string | undefined
  locale: string | undefined
}

/** What a page that left for a logout by redirect learns when it is back. */
export interface Return {
  clientId: string
  receiptId: string | null
}

/** How long a page of a logout can be answered or read again, in seconds. */
const pageSeconds = 30 * 60
/** How long a post that came without a cookie is kept for the GET that follows it, in seconds. */
const keptPostSeconds = 60

/** How long a page may take to come back from a logout by redirect, in seconds. */
const returnSeconds = 600

/** What the redirect logout puts away between two requests of one browser, each under a random id kept as a hash. */
export interface LogoutRecords {
  /** A request that the person is asked about; it belongs to the session it is shown for. Returns its id. */
  putPending(asked: LogoutRequest, session: Session): Promise<string>
  findPending(id: string): Promise<{ asked: LogoutRequest; sessionUid: string | null } | undefined>
  /** A cross-site post, for the GET that carries the cookie. Returns its id. */
  putContinued(asked: LogoutRequest): Promise<string>
  /** Once: of any number of callers exactly one gets it. */
  takeContinued(id: string): Promise<LogoutRequest | undefined>
  /** What a page is to tell at an address without tokens. Returns its id. */
  putOutcome(outcome: Outcome): Promise<string>
  findOutcome(id: string): Promise<Outcome | undefined>
  /** What the page between a logout and its end needs. Returns its id. */
  putFrontChannel(it: FrontChannel): Promise<string>
  findFrontChannel(id: string): Promise<FrontChannel | undefined>
  /** That a logout was done, for the page that holds its ticket. */
  putReturn(ticketHash: string, it: Return): Promise<void>
  findReturn(ticketHash: string): Promise<Return | undefined>
}

/** See {@link LogoutRecords}. */
export function logoutRecords({ storage, clock }: Pick<DoorParts, 'storage' | 'clock'>): LogoutRecords {
  async function put(kind: RecordKind, payload: object, seconds: number, session?: Session): Promise<string> {
    const id = newSecret()
    await storage.putRecord({
      kind,
      hash: hashSecret(id),
      payload: { ...payload },
      expiresAt: clock.now() + seconds,
      sessionUid: session?.uid
    })
    return id
  }

  return {
    putPending: (asked, session) => put('pending_logout', asked, pageSeconds, session),
    async findPending(id) {
      const record = await storage.findRecord('pending_logout', hashSecret(id), clock.now())
      return record && { asked: record.payload as unknown as LogoutRequest, sessionUid: record.sessionUid }
    },
    putContinued: asked => put('continued_logout', asked, keptPostSeconds),
    async takeContinued(id) {
      const record = await storage.takeRecord('continued_logout', hashSecret(id), clock.now())
      return record?.payload as LogoutRequest | undefined
    },
    putOutcome: outcome => put('logout_outcome', outcome, pageSeconds),
    async findOutcome(id) {
      return (await storage.findRecord('logout_outcome', hashSecret(id), clock.now()))?.payload as
        | Outcome
        | undefined
    },
    putFrontChannel: it => put('front_channel', it, pageSeconds),
    async findFrontChannel(id) {
      return (await storage.findRecord('front_channel', hashSecret(id), clock.now()))?.payload as
        | FrontChannel
        | undefined
    },
    putReturn: (hash, it) =>
      storage.putRecord({
        kind: 'logout_return',
        hash,
        payload: { ...it },
        expiresAt: clock.now() + returnSeconds
      }),
    async findReturn(hash) {
      const record = await storage.findRecord('logout_return', hash, clock.now())
      return record?.payload as Return | undefined
    }
  }
}
