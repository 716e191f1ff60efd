import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { insertOwed } from './owed.ts'

/** The statements that end one thing, for a logout at once and for a job in batches. */
export interface EndOne {
  /** ?1 now, ?2 logout, ?3 uid; no change when it has ended already. */
  session: StatementSync
  /** ?1 now, ?2 logout, ?3 id; no change when it is revoked already. */
  grant: StatementSync
  /** Queues what each RP of a session is owed, once: ?1 now, ?2 logout, ?3 uid, ?4 sub. */
  tellRps: StatementSync
}

/** Prepares {@link EndOne}. */
export function endOne(db: DatabaseSync): EndOne {
  return {
    session: db.prepare(
      'UPDATE sessions SET ended_at = ?1, ended_by = ?2 WHERE uid = ?3 AND ended_at IS NULL'
    ),
    grant: db.prepare(
      'UPDATE grants SET revoked_at = ?1, revoked_by = ?2 WHERE id = ?3 AND revoked_at IS NULL'
    ),
    tellRps: db.prepare(
      insertOwed({
        sid: 'sc.sid',
        sub: '?4',
        from: 'session_clients sc JOIN clients c ON c.client_id = sc.client_id WHERE sc.session_uid = ?3'
      })
    )
  }
}
