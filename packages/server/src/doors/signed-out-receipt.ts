import { receiptForBrowser } from '../logout/receipt.ts'
import type { SignedOutReceipt } from '../pages/receipt.ts'
import type { DoorParts } from './door.ts'

/** A receipt as our page shows it to the browser that logged out; `undefined` where there is none. */
export async function signedOutReceipt(
  { storage, clients }: Pick<DoorParts, 'storage' | 'clients'>,
  id: string
): Promise<SignedOutReceipt | undefined> {
  const found = await receiptForBrowser(storage, id)
  if (!found) return undefined
  const applications = await Promise.all(
    found.clients.map(async ({ client_id: clientId, state, attempts }) => {
      const client = await clients.find(clientId)
      // A delivery that nobody has attempted yet is only queued: the page must not sound as if it had been sent.
      const pending = attempts === 0 ? 'queued' : 'trying'
      const shown = state === 'not_registered' ? 'none' : state === 'pending' ? pending : state
      return { name: client?.name ?? clientId, uri: client?.uri, state: shown } as const
    })
  )
  return {
    id: found.id,
    at: found.at,
    sessionsEnded: found.sessions_ended,
    tokensRevoked: found.grants_revoked + found.tokens_revoked > 0,
    isSettled: !found.in_progress && found.applications.pending === undefined,
    confirmed: found.applications.delivered ?? 0,
    toConfirm: Object.entries(found.applications).reduce(
      (sum, [state, count]) => (unconfirmed.includes(state) ? sum : sum + count),
      0
    ),
    applications,
    more: Object.values(found.applications).reduce((sum, count) => sum + count, -applications.length)
  }
}

/** States in which nobody will ever confirm anything: there is nothing to wait for. */
const unconfirmed: readonly string[] = ['not_registered', 'requested', 'not_requested', 'superseded']
