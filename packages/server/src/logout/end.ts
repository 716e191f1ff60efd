import { randomUUIDv7 } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Ended, EndOrder } from '../storage/records.ts'
import type { LogoutStore } from '../storage/storage.ts'
import { type Cause, effects } from './causes.ts'

/** The one way to end anything. */
export interface Heart {
  /**
   * Ends what the cause's row in {@link effects} says, in one transaction, and queues one delivery for each RP that
   * must hear. Ending what has already ended changes nothing and returns the earlier receipt.
   * @throws UtgangError `storage_unavailable`: nothing was committed, nobody was told, safe to call again.
   */
  end(cause: Cause): Promise<Ended>
}

/**
 * The heart over a storage.
 * @param committed called after each commit that changed something; work that is then missed is found by the next look of any process
 */
export function logoutHeart(storage: LogoutStore, clock: Clock, committed: (order: EndOrder) => void): Heart {
  return {
    async end(cause) {
      const order = orderFor(cause)
      const ended = await storage.end(order, clock.now())
      if (ended.state === 'ended') committed(order)
      return ended
    }
  }
}

/** A cause's row, said as one order to the storage. */
function orderFor(cause: Cause): EndOrder {
  const { sub = null, clientId = null, by, detail } = cause
  return {
    // In the order of time, so that what is written together lies together on disk.
    logoutId: randomUUIDv7(),
    cause: cause.name,
    sub,
    clientId,
    ...sessionsOf(cause),
    ...tokensOf(cause),
    ...statesOf(cause),
    tell: tellFor[effects[cause.name].told],
    audit: { ...by, detail }
  }
}

const tellFor = {
  nobody: 'nobody',
  session_rps: 'session_rps',
  client: 'client',
  clients_of_user: 'job',
  every_rp: 'job'
} as const

function sessionsOf(cause: Cause): Pick<EndOrder, 'sessions'> {
  switch (effects[cause.name].sessions) {
    case 'this':
      // A browser without a live session has nothing to end but the token that it presents.
      return cause.sessionUid === undefined ? {} : { sessions: { uid: cause.sessionUid } }
    case 'this_if_over':
      return { sessions: { uid: needed(cause, 'sessionUid'), onlyIfOver: true } }
    case 'others_of_user':
      return { sessions: { ofUser: needed(cause, 'sub'), except: needed(cause, 'sessionUid') } }
    default:
      // Whole users and the whole system end by their epoch: see tokensOf.
      return {}
  }
}

function tokensOf(cause: Cause): Pick<EndOrder, 'grants' | 'tokens' | 'grantsOf' | 'epoch'> {
  const { presented } = cause
  switch (effects[cause.name].tokens) {
    case 'bound':
      return {}
    case 'bound_and_presented_grant':
    case 'presented_grant':
      if (!presented) return {}
      return presented.grantId === null ? { tokens: [presented.hash] } : { grants: [presented.grantId] }
    case 'presented_token':
      if (presented?.kind === 'RefreshToken' && presented.grantId !== null)
        return { grants: [presented.grantId] }
      return presented ? { tokens: [presented.hash] } : {}
    case 'grant':
      return { grants: [needed(cause, 'grantId')] }
    case 'client_of_user':
      return { grantsOf: { sub: needed(cause, 'sub'), clientId: needed(cause, 'clientId') } }
    case 'all_of_user':
      return { epoch: { user: needed(cause, 'sub') } }
    case 'all_of_client':
      return { epoch: { client: needed(cause, 'clientId') } }
    case 'every':
      return { epoch: { system: true } }
  }
}

function statesOf(
  cause: Cause
): Pick<EndOrder, 'userStatus' | 'disableClient' | 'dropConsent' | 'voidProofs'> {
  const { leaves, consent, proofs } = effects[cause.name]
  return {
    ...(leaves === 'user_disabled' ? { userStatus: 'disabled' } : {}),
    ...(leaves === 'user_deleted' ? { userStatus: 'deleted' } : {}),
    ...(leaves === 'client_disabled' ? { disableClient: true } : {}),
    ...(proofs === 'void' ? { voidProofs: needed(cause, 'sub') } : {}),
    ...(consent === 'dropped'
      ? { dropConsent: { sub: needed(cause, 'sub'), clientId: needed(cause, 'clientId') } }
      : {})
  }
}

function needed(cause: Cause, key: 'sub' | 'clientId' | 'sessionUid' | 'grantId'): string {
  const value = cause[key]
  if (value === undefined) throw new TypeError(`cause ${cause.name} needs ${key}`)
  return value
}
