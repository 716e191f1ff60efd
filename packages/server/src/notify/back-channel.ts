import type { ClaimedDelivery } from '../storage/records.ts'
import { logoutToken } from '../tokens/logout-token.ts'
import { type Attempted, post } from './post.ts'
import type { Verdict } from './schedule.ts'
import type { SenderParts } from './sender-parts.ts'

/** Posts one Logout Token (Back-Channel Logout 1.0 §2.5): a form with `logout_token` and nothing else. */
export async function sendLogoutToken(
  { clientId, sub, sid, alg, address }: ClaimedDelivery,
  { issuer, keys, clock, out }: SenderParts
): Promise<Attempted> {
  // Fresh for each attempt: the last one's has expired by now, and no receiver may take it for a replay.
  const token = await logoutToken({ issuer, clientId, sub, sid }, alg, keys(), clock.now())
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = `logout_token=${token}`
  const readProblem = ({ error, error_description }: Record<string, unknown>): unknown[] => [
    error,
    error_description
  ]
  return post({ address, headers, body, readStatus: logoutVerdict, readProblem }, out)
}

/**
 * 200 and 204 are success (Back-Channel Logout 1.0 §2.8: frameworks turn an empty 200 into 204), 400 is a refusal.
 * Everything else may pass (§2.5).
 */
export function logoutVerdict(status: number): Verdict {
  if (status === 200 || status === 204) return 'heard'
  return status === 400 ? 'refused' : 'failed'
}
