/**
 * What "alive" means, once, as SQL over the aliases `s` sessions, `g` grants, `t` tokens, `u` users, `c` clients and
 * `y` system, with the present instant as `?1`. Ending writes one row; these conditions carry the end everywhere.
 */

/** A session: not ended, within both limits, of a user and a system whose epochs have not moved. */
export const sessionLive = `(s.ended_at IS NULL AND s.expires_at > ?1 AND s.ends_at > ?1
  AND s.user_epoch = u.epoch AND u.status = 'active' AND s.system_epoch = y.epoch)`

/** A grant: not revoked, of current epochs, its client enabled, and, when bound, its session live. */
export const grantLive = `(g.revoked_at IS NULL AND g.expires_at > ?1
  AND g.user_epoch = u.epoch AND u.status = 'active' AND g.system_epoch = y.epoch
  AND c.enabled = 1 AND g.client_epoch = c.epoch AND (g.bound = 0 OR ${sessionLive}))`

/** A token: its own row, then its grant (which looks at the session); a server token looks at its client alone. */
export const tokenLive = `(t.revoked_at IS NULL AND t.expires_at > ?1 AND CASE
  WHEN t.grant_id IS NOT NULL THEN ${grantLive} AND (t.kind <> 'AuthorizationCode' OR ${sessionLive})
  WHEN t.client_id IS NOT NULL THEN c.enabled = 1 AND t.client_epoch = c.epoch AND t.system_epoch = y.epoch
  ELSE 1 END)`

/** A user's mark: moves with every logout of the whole user or system, and when earlier proofs are to count no more. */
export const markOf = "(u.epoch || '.' || u.proofs || '.' || y.epoch)"

// CROSS JOIN keeps the planner from turning the order around: through the client's index, one grant would be looked
// for among all grants of its client.

/** Sessions with what decides about them. */
export const sessionJoin = 'sessions s CROSS JOIN users u ON u.sub = s.sub CROSS JOIN system y ON y.id = 1'

/** Grants with what decides about them. */
export const grantJoin = `grants g CROSS JOIN system y ON y.id = 1 CROSS JOIN users u ON u.sub = g.sub
  CROSS JOIN clients c ON c.client_id = g.client_id LEFT JOIN sessions s ON s.uid = g.session_uid`

/** Tokens with what decides about them. */
export const tokenJoin = `tokens t CROSS JOIN system y ON y.id = 1 LEFT JOIN clients c ON c.client_id = t.client_id
  LEFT JOIN grants g ON g.id = t.grant_id LEFT JOIN users u ON u.sub = g.sub LEFT JOIN sessions s ON s.uid = g.session_uid`

/**
 * Makes a client an RP of a session: ?1 session, ?2 client, ?3 sid, ?4 now. The sid and the time of the first time stay;
 * only the epoch moves, so that a logout of the whole client from before is no end of what came after.
 */
export const joinAsRp = `INSERT INTO session_clients (session_uid, client_id, sid, joined_at, client_epoch)
  VALUES (?1, ?2, ?3, ?4, ifnull((SELECT epoch FROM clients WHERE client_id = ?2), 0))
  ON CONFLICT (session_uid, client_id) DO UPDATE SET client_epoch = excluded.client_epoch
    WHERE client_epoch <> excluded.client_epoch`
