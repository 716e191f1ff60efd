import type { DatabaseSync } from 'node:sqlite'

/** Queues what streams owe their receivers about what has ended. To be called inside the write that ends it. */
export interface StreamEvents {
  /** One session. Nothing is done, at the price of one look, while there is no stream. */
  sessionEnded(logoutId: string, uid: string, now: number): void
  /** Everything of one user; for each logout once. */
  userEnded(logoutId: string, sub: string, now: number): void
}

const power = "json_extract(c.metadata, '$.may_receive_events')"

/** Whether a client may hear of anything at all: one that is disabled, or lost the power, may not. */
export const mayHear = `c.enabled = 1 AND ${power} IN (1, 'all')`

/** Streams that hear of the ends of sessions of a user. */
const hears = (sub: string): string => `st.hears_ends = 1 AND st.status <> 'disabled' AND c.enabled = 1
  AND NOT EXISTS (SELECT 1 FROM stream_removals r WHERE r.stream_id = st.id AND r.sub = ${sub})`

/** One more than the newest that the stream has. */
export const nextSeq = '(SELECT ifnull(max(seq), 0) + 1 FROM deliveries WHERE stream_id = st.id)'

const insert = `INSERT INTO deliveries (id, kind, logout_id, client_id, sid, sub, address, state, next_at, created_at, stream_id, seq)
  SELECT lower(hex(randomblob(16))), 'security_event', ?2, st.client_id`
const rest = `ifnull(st.endpoint_url, ''), iif(st.method = 'push', 'pending', 'waiting'), ?1, ?1, st.id, ${nextSeq}`

/** {@link StreamEvents} on SQLite. */
export function streamEvents(db: DatabaseSync): StreamEvents {
  const any = db.prepare('SELECT 1 FROM streams LIMIT 1')
  // A receiver that is no RP of the session has no name for it: then it gets one that is nobody's else.
  const ofSession = db.prepare(`${insert}, ifnull(sc.sid, lower(hex(randomblob(16)))), s.sub, ${rest}
    FROM sessions s CROSS JOIN streams st JOIN clients c ON c.client_id = st.client_id
      LEFT JOIN session_clients sc ON sc.session_uid = s.uid AND sc.client_id = st.client_id
    WHERE s.uid = ?3 AND (${power} = 'all' OR (${power} = 1 AND sc.sid IS NOT NULL)) AND ${hears('s.sub')}
    ON CONFLICT DO NOTHING`)
  const ofUser = db.prepare(`${insert}, NULL, ?3, ${rest}
    FROM streams st JOIN clients c ON c.client_id = st.client_id
    WHERE (${power} = 'all' OR (${power} = 1
        AND EXISTS (SELECT 1 FROM user_clients uc WHERE uc.sub = ?3 AND uc.client_id = st.client_id)))
      AND ${hears('?3')} ON CONFLICT DO NOTHING`)

  return {
    sessionEnded(logoutId, uid, now) {
      if (any.get() !== undefined) ofSession.run(now, logoutId, uid)
    },
    userEnded(logoutId, sub, now) {
      if (any.get() !== undefined) ofUser.run(now, logoutId, sub)
    }
  }
}
