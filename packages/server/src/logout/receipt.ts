import type { DeliveryState } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'

/**
 * The state in which an application stands after a logout. `requested`: a page asked it in the browser, and nothing
 * confirms it. `not_requested`: only a page can ask it, and none did. `not_registered`: it has not asked to be told.
 */
export type ToldState = DeliveryState | 'requested' | 'not_requested' | 'not_registered'

/** How far a logout got, in numbers that name nobody. */
export interface ReceiptCounts {
  id: string
  cause: string
  /** When, in UTC seconds. */
  at: number
  sessions_ended: number
  grants_revoked: number
  tokens_revoked: number
  /** A whole-user, whole-client or whole-system logout whose rows are still being written down. */
  in_progress: boolean
  /** Number of applications by the state of what they are owed. */
  applications: Partial<Record<ToldState, number>>
}

/** A receipt as one application may see it: its own state, and counts of all. */
export interface ReceiptForClient extends ReceiptCounts {
  own: { state: ToldState; sid: string | null; attempts: number }[]
}

/** A receipt as the browser that logged out may see it: which applications, and where each stands. */
export interface ReceiptForBrowser extends ReceiptCounts {
  clients: { client_id: string; state: ToldState; attempts: number }[]
}

/** What anybody may see who knows the receipt's id. */
export async function receiptCounts(storage: Storage, id: string): Promise<ReceiptCounts | undefined> {
  return (await read(storage, id))?.counts
}

/** What an authenticated application may see. */
export async function receiptForClient(
  storage: Storage,
  id: string,
  clientId: string
): Promise<ReceiptForClient | undefined> {
  const found = await read(storage, id)
  if (!found) return undefined
  const own = found.applications.filter(it => it.clientId === clientId)
  return { ...found.counts, own: own.map(({ state, sid, attempts }) => ({ state, sid, attempts })) }
}

/** What the browser that logged out may see. */
export async function receiptForBrowser(
  storage: Storage,
  id: string
): Promise<ReceiptForBrowser | undefined> {
  const found = await read(storage, id)
  if (!found) return undefined
  const clients = found.applications.map(({ clientId, state, attempts }) => ({
    client_id: clientId,
    state,
    attempts
  }))
  return { ...found.counts, clients }
}

interface Application {
  clientId: string
  sid: string | null
  state: ToldState
  attempts: number
}

async function read(
  storage: Storage,
  id: string
): Promise<{ counts: ReceiptCounts; applications: Application[] } | undefined> {
  const row = await storage.findReceipt(id)
  if (!row) return undefined
  const told = (await storage.listDeliveries(id)).filter(it => it.kind !== 'security_event')
  const owed = Map.groupBy(told, keyOf)
  const untold = row.applications.filter(it => !owed.has(keyOf(it)))
  const untoldStates = await statesWithoutDelivery(storage, id, untold)
  const applications = row.applications.flatMap(({ clientId, sid }): Application[] => {
    const key = keyOf({ clientId, sid })
    // By `sub` one application may be owed several: one for each user. Each may stand elsewhere.
    const own = owed.get(key) ?? [
      { state: untoldStates.get(key) ?? ('not_registered' as const), attempts: 0 }
    ]
    return own.map(({ state, attempts }) => ({ clientId, sid, state, attempts }))
  })
  const states: Partial<Record<ToldState, number>> = {}
  for (const { state } of applications) states[state] = (states[state] ?? 0) + 1
  const counts: ReceiptCounts = {
    id: row.id,
    cause: row.cause,
    at: row.at,
    sessions_ended: row.sessionsEnded,
    grants_revoked: row.grantsRevoked,
    tokens_revoked: row.tokensRevoked,
    in_progress: row.jobOpen,
    applications: states
  }
  return { counts, applications }
}

/** Where those stand that are owed no delivery: a page may have asked them, in the browser of the logout. */
async function statesWithoutDelivery(
  storage: Storage,
  id: string,
  untold: readonly Pick<Application, 'clientId' | 'sid'>[]
): Promise<Map<string, ToldState>> {
  const states = new Map<string, ToldState>()
  if (untold.length === 0) return states
  const asked = new Set((await storage.listAsked(id)).map(keyOf))
  for (const it of untold) {
    const key = keyOf(it)
    const client = asked.has(key) ? undefined : await storage.findClient(it.clientId)
    const hasFrame = client?.backchannelLogoutUri === null && 'frontchannel_logout_uri' in client.metadata
    if (asked.has(key)) states.set(key, 'requested')
    else if (hasFrame) states.set(key, 'not_requested')
  }
  return states
}

/** One text for each application and `sid`, or the lack of one. */
function keyOf({ clientId, sid }: { clientId: string; sid: string | null }): string {
  return JSON.stringify([clientId, sid])
}
