import type { DatabaseSync } from 'node:sqlite'
import type { EndOrder } from '../records.ts'

type Epoch = NonNullable<EndOrder['epoch']>

/** Ends of whole users, whole clients and the whole system: one counter moves, one job row is written. */
export interface WideEnds {
  /**
   * `false` when there is no such user or client, or when the last such end left nothing alive to end again. Then the
   * counter alone moves: a sign-in that was proven since, and is still under way, comes to nothing.
   */
  end(epoch: Epoch, logoutId: string, now: number): boolean
  /** The logout that moved the counter last. */
  lastEnd(epoch: Epoch): string | null
}

/** {@link WideEnds} on SQLite, to be called inside a write. */
export function wideEnds(db: DatabaseSync): WideEnds {
  const move = {
    user: db.prepare('UPDATE users SET epoch = epoch + 1 WHERE sub = ? RETURNING epoch'),
    client: db.prepare('UPDATE clients SET epoch = epoch + 1 WHERE client_id = ? RETURNING epoch'),
    system: db.prepare("UPDATE system SET epoch = epoch + 1 WHERE id = 1 AND ? = '' RETURNING epoch")
  }
  const last = db.prepare(
    'SELECT logout_id AS id FROM jobs WHERE kind = ? AND subject = ? ORDER BY epoch DESC LIMIT 1'
  )
  // What was made under the counter's value until now. The partial indexes hold what has not ended, so that this
  // stays a short look; the planner would not choose them for the system's column.
  const madeSince = {
    user: db.prepare(`SELECT
      EXISTS (SELECT 1 FROM sessions WHERE sub = ?1 AND user_epoch = ?2 AND ended_at IS NULL)
      OR EXISTS (SELECT 1 FROM grants WHERE sub = ?1 AND user_epoch = ?2 AND revoked_at IS NULL) AS found`),
    client: db.prepare(`SELECT
      EXISTS (SELECT 1 FROM grants WHERE client_id = ?1 AND client_epoch = ?2 AND revoked_at IS NULL)
      OR EXISTS (SELECT 1 FROM tokens WHERE client_id = ?1 AND client_epoch = ?2 AND grant_id IS NULL)
      OR EXISTS (SELECT 1 FROM session_clients WHERE client_id = ?1 AND client_epoch = ?2) AS found`),
    system: db.prepare(`SELECT ?1 = '' AND (
      EXISTS (SELECT 1 FROM sessions INDEXED BY sessions_of_user WHERE system_epoch = ?2 AND ended_at IS NULL)
      OR EXISTS (SELECT 1 FROM grants INDEXED BY grants_of_client WHERE system_epoch = ?2 AND revoked_at IS NULL)
      OR EXISTS (SELECT 1 FROM tokens INDEXED BY tokens_of_server WHERE system_epoch = ?2 AND grant_id IS NULL))
      AS found`)
  }
  const addJob = db.prepare(
    'INSERT INTO jobs (logout_id, kind, subject, epoch, created_at) VALUES (?, ?, ?, ?, ?)'
  )

  return {
    end(whole, logoutId, now) {
      const [kind, subject] = keyOf(whole)
      const before = last.get(kind, subject)
      const moved = move[kind].get(subject)
      if (!moved) return false
      const epoch = Number(moved.epoch)
      if (before && madeSince[kind].get(subject, epoch - 1)?.found === 0) return false
      addJob.run(logoutId, kind, subject, epoch, now)
      return true
    },
    lastEnd(epoch) {
      const found = last.get(...keyOf(epoch))
      return found === undefined ? null : String(found.id)
    }
  }
}

function keyOf(epoch: Epoch): ['user' | 'client' | 'system', string] {
  if ('user' in epoch) return ['user', epoch.user]
  return 'client' in epoch ? ['client', epoch.client] : ['system', '']
}
