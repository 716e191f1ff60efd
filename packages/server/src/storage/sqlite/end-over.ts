import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { OverSession } from '../records.ts'

/** Ends of sessions whose time is up. */
export interface EndOver {
  /** See {@link LogoutStore.listOverSessions}. */
  list(limit: number, now: number): OverSession[]
  /** ?1 now, ?2 logout, ?3 uid; no change where it has ended, goes on after all, or is left to a job. */
  end: StatementSync
}

/** {@link EndOver} on SQLite. The index sessions_by_limit holds what has not ended, by the limit that comes first. */
export function endOver(db: DatabaseSync): EndOver {
  const list = db.prepare(`SELECT s.uid, s.sub, iif(s.expires_at < s.ends_at, 'idle', 'absolute') AS reached
    FROM sessions s CROSS JOIN users u ON u.sub = s.sub CROSS JOIN system y ON y.id = 1
    WHERE s.ended_at IS NULL AND min(s.expires_at, s.ends_at) <= ?2
      AND s.user_epoch = u.epoch AND s.system_epoch = y.epoch
    ORDER BY min(s.expires_at, s.ends_at) LIMIT ?1`)
  return {
    list: (limit, now) => list.all(limit, now).map(row => ({ ...row }) as unknown as OverSession),
    end: db.prepare(`UPDATE sessions SET ended_at = ?1, ended_by = ?2
      WHERE uid = ?3 AND ended_at IS NULL AND min(expires_at, ends_at) <= ?1
        AND user_epoch = (SELECT epoch FROM users u WHERE u.sub = sessions.sub)
        AND system_epoch = (SELECT epoch FROM system WHERE id = 1)`)
  }
}
