import { hashSecret } from '../storage/secrets.ts'
import { withHints } from './kept-hint.ts'
import type { OpParts } from './parts.ts'
import { routes } from './paths.ts'

/** Parameters of a stored authorization that are not for a second try. */
const spent: readonly string[] = ['request', 'request_uri']

/** The address at which an authorization starts again with the same parameters. */
export function restartOf(params: Record<string, unknown>, prompt?: string): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (spent.includes(name) || value === undefined || value === null) continue
    // `resource` alone may come several times (RFC 8707 §2).
    if (Array.isArray(value)) for (const one of value) query.append(name, String(one))
    else query.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
  }
  if (prompt !== undefined) query.set('prompt', prompt)
  return `${routes.authorization}?${query}`
}

/** {@link restartOf} the interaction with this id, whether or not its session is gone; `undefined` when none is kept. */
export async function restartOfKept(
  uid: string,
  { storage, clock, sealer }: OpParts
): Promise<string | undefined> {
  const record = await storage.findRecord('interaction', hashSecret(uid), clock.now())
  return record && restartOf(withHints(record.payload, sealer.open).params as Record<string, unknown>)
}
