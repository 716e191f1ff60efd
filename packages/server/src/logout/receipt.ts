import type { ToldApplication, ToldState } from '../storage/receipt-store.ts'
import type { Storage } from '../storage/storage.ts'
import { isOfOneSession } from './causes.ts'

/** Applications on one page of a receipt, about. */
const pageSize = 100
/** Most attempts that are told of each; there may have been more. */
const mostAttempts = 20

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

/** How it went to tell an application. `tried`: the newest attempts, with HTTP status (`null`: no answer) and latency. */
type Told = Pick<ToldApplication, 'state' | 'attempts' | 'tried'>

/** Where the next page begins, if there is one. */
interface Page {
  next?: string
}

/** A receipt as one application may see it: its own states, and counts of all. */
export interface ReceiptForClient extends ReceiptCounts, Page {
  own: (Told & { sid: string | null })[]
}

/** A receipt as the browser that logged out may see it: which applications, and where each stands. */
export interface ReceiptForBrowser extends ReceiptCounts, Page {
  clients: (Told & { client_id: string })[]
}

/** What anybody may see who knows the receipt's id. */
export async function receiptCounts(storage: Storage, id: string): Promise<ReceiptCounts | undefined> {
  const row = await storage.findReceipt(id)
  return (
    row && {
      id: row.id,
      cause: row.cause,
      at: row.at,
      sessions_ended: row.sessionsEnded,
      grants_revoked: row.grantsRevoked,
      tokens_revoked: row.tokensRevoked,
      in_progress: row.jobOpen,
      applications: await storage.countApplications(id)
    }
  )
}

/**
 * What an authenticated application may see.
 * @param after the `next` of the page before
 */
export async function receiptForClient(
  storage: Storage,
  id: string,
  clientId: string,
  after?: string
): Promise<ReceiptForClient | undefined> {
  const counts = await receiptCounts(storage, id)
  if (!counts) return undefined
  const { applications, next } = await page(storage, id, { clientId, after })
  const own = applications.map(({ state, sid, attempts, tried }) => ({ state, sid, attempts, tried }))
  return { ...counts, own, next }
}

/**
 * What the browser that logged out may see. `undefined` where there is no such receipt, and for that of a logout which
 * reached further than one session: a browser whose session was among them must not read where others were signed in.
 * @param after the `next` of the page before
 */
export async function receiptForBrowser(
  storage: Storage,
  id: string,
  after?: string
): Promise<ReceiptForBrowser | undefined> {
  const counts = await receiptCounts(storage, id)
  if (!counts || !isOfOneSession(counts.cause)) return undefined
  const { applications, next } = await page(storage, id, { after })
  const clients = applications.map(({ clientId, state, attempts, tried }) => ({
    client_id: clientId,
    state,
    attempts,
    tried
  }))
  return { ...counts, clients, next }
}

function page(
  storage: Storage,
  id: string,
  which: { clientId?: string; after?: string }
): ReturnType<Storage['listApplications']> {
  return storage.listApplications(id, { ...which, limit: pageSize, attempts: mostAttempts })
}
