/** How applications hear, and the column of `clients` that says where. */
const ways = [
  ['back_channel', 'backchannel_logout_uri'],
  ['webhook', 'webhook_uri']
] as const

/** A Logout Token without the `sid` that a client requires would tell it nothing (Back-Channel Logout 1.0 §2.2). */
const canTell = (kind: string, sid: string): string =>
  kind === 'back_channel'
    ? `AND (${sid} IS NOT NULL OR json_extract(c.metadata, '$.backchannel_logout_session_required') IS NOT 1)`
    : ''

/**
 * The id of a new delivery: nobody can foresee it, and those of one time lie together on disk.
 * @param logoutId a UUID of version 7, which begins with its time
 */
const newDeliveryId = (logoutId: string): string =>
  `substr(replace(${logoutId}, '-', ''), 1, 12) || lower(hex(randomblob(10)))`

/**
 * An INSERT of what applications are owed, one delivery for each way in which one hears; what is owed already stays as it
 * is. `c` is the client's row, ?1 now, ?2 the logout.
 * @param from tables and condition, in which the client's row is joined as `c`
 */
export function insertOwed({ sid, sub, from }: { sid: string; sub: string; from: string }): string {
  const halves = ways.map(
    ([
      kind,
      column
    ]) => `SELECT ${newDeliveryId('?2')}, '${kind}', ?2, c.client_id, ${sid}, ${sub}, c.${column}, ?1, ?1
      FROM ${from} AND c.${column} IS NOT NULL ${canTell(kind, sid)}`
  )
  return `INSERT INTO deliveries (id, kind, logout_id, client_id, sid, sub, address, next_at, created_at)
    ${halves.join(' UNION ALL ')} ON CONFLICT DO NOTHING`
}
