import type { DatabaseSync } from 'node:sqlite'
import type { UpkeepStore } from '../storage.ts'
import type { Write } from './group-commit.ts'

/** Most rows that one batch looks at, so that other writes wait a few milliseconds at most. */
const batchSize = 200

/** Most batches for each table in one sweep; the next sweep goes on from there. */
const mostBatches = 50

/** How long a token stays known after its expiry, in seconds, so that one can still be told whose it was. */
const tokenKeptSeconds = 7 * 86_400

/** One batch: how many rows went, and whether there may be more. */
interface Batch {
  removed: number
  more: boolean
}

interface Instants {
  now: number
  /** What was over by then goes. */
  cutoff: number
}

type Step = (at: Instants) => Batch

/** {@link UpkeepStore.sweep} on SQLite. The order matters: a logout goes after its sessions, a grant after its tokens. */
export function sqliteRetention(db: DatabaseSync, write: Write): UpkeepStore['sweep'] {
  const steps: Step[] = [
    expiredRecords(db),
    expiredTokens(db),
    unusedStatusLists(db),
    oldSessions(db),
    oldGrants(db),
    oldLogouts(db),
    oldStreamEvents(db),
    oldAudit(db)
  ]
  return async (now, retentionSeconds) => {
    let removed = 0
    for (const step of steps) {
      for (let batch = 0; batch < mostBatches; batch++) {
        const done = await write(() => step({ now, cutoff: now - retentionSeconds }))
        removed += done.removed
        if (!done.more) break
      }
    }
    return removed
  }
}

function expiredRecords(db: DatabaseSync): Step {
  const remove = db.prepare(`DELETE FROM records WHERE (kind, hash) IN
    (SELECT kind, hash FROM records WHERE expires_at <= ? ORDER BY expires_at LIMIT ${batchSize})`)
  return ({ now }) => whole(Number(remove.run(now).changes))
}

function expiredTokens(db: DatabaseSync): Step {
  const remove = db.prepare(`DELETE FROM tokens WHERE hash IN
    (SELECT hash FROM tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ${batchSize})`)
  return ({ now }) => whole(Number(remove.run(now - tokenKeptSeconds).changes))
}

/** The newest list stays, so that no number is used twice. */
function unusedStatusLists(db: DatabaseSync): Step {
  const remove = db.prepare(`DELETE FROM status_lists WHERE number IN (SELECT number FROM status_lists
    WHERE number < (SELECT max(number) FROM status_lists) AND expires_at <= ? ORDER BY number LIMIT ${batchSize})`)
  return ({ now }) => whole(Number(remove.run(now - tokenKeptSeconds).changes))
}

/** Only what has ended: a session whose time is up, or which a job has still to write down, has RPs that must hear. */
function oldSessions(db: DatabaseSync): Step {
  const page = db.prepare(`SELECT s.created_at AS at, s.uid AS id,
      s.ended_at <= ?1 AS over FROM sessions s
    WHERE s.created_at <= ?1 AND (s.created_at, s.uid) > (?2, ?3) ORDER BY s.created_at, s.uid LIMIT ${batchSize}`)
  const removeClients = db.prepare('DELETE FROM session_clients WHERE session_uid = ?')
  const remove = db.prepare('DELETE FROM sessions WHERE uid = ?')
  return walk(page, uid => {
    removeClients.run(uid)
    return Number(remove.run(uid).changes)
  })
}

/** A bound grant is over with its session, and goes once that is gone. */
function oldGrants(db: DatabaseSync): Step {
  const page = db.prepare(`SELECT g.created_at AS at, g.id,
      ((g.revoked_at <= ?1 OR (g.revoked_at IS NULL
          AND g.user_epoch = u.epoch AND g.client_epoch = c.epoch AND g.system_epoch = y.epoch
          AND (g.expires_at <= ?1
            OR (g.bound = 1 AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.uid = g.session_uid)))))
        AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.grant_id = g.id)) AS over
    FROM grants g JOIN system y ON y.id = 1 LEFT JOIN users u ON u.sub = g.sub
      LEFT JOIN clients c ON c.client_id = g.client_id
    WHERE g.created_at <= ?1 AND (g.created_at, g.id) > (?2, ?3) ORDER BY g.created_at, g.id LIMIT ${batchSize}`)
  const remove = db.prepare('DELETE FROM grants WHERE id = ?')
  return walk(page, id => Number(remove.run(id).changes))
}

/** A logout goes with its deliveries and its job, and stays as long as a session or a delivery names it. */
function oldLogouts(db: DatabaseSync): Step {
  const page = db.prepare(`SELECT l.at, l.id,
      (NOT EXISTS (SELECT 1 FROM jobs j WHERE j.logout_id = l.id AND ifnull(j.done_at, ?1 + 1) > ?1)
        AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.ended_by = l.id)) AS over
    FROM logouts l WHERE l.at <= ?1 AND (l.at, l.id) > (?2, ?3) ORDER BY l.at, l.id LIMIT ${batchSize}`)
  const settled = db.prepare(
    `SELECT id FROM deliveries WHERE logout_id = ? AND state NOT IN ('pending', 'waiting') LIMIT ${batchSize}`
  )
  const removeDelivery = deliveryRemover(db)
  const owed = db.prepare('SELECT 1 FROM deliveries WHERE logout_id = ? LIMIT 1')
  const removeJob = db.prepare('DELETE FROM jobs WHERE logout_id = ?')
  const remove = db.prepare('DELETE FROM logouts WHERE id = ?')
  return walk(page, id => {
    const deliveries = settled.all(id)
    for (const delivery of deliveries) removeDelivery(String(delivery.id))
    if (owed.get(id)) return deliveries.length
    return deliveries.length + Number(removeJob.run(id).changes) + Number(remove.run(id).changes)
  })
}

/** What a stream said of itself belongs to no logout, and neither does its id. */
function oldStreamEvents(db: DatabaseSync): Step {
  const old = db.prepare(`SELECT id FROM deliveries WHERE event IS NOT NULL AND created_at <= ?
    AND state NOT IN ('pending', 'waiting') ORDER BY created_at LIMIT ${batchSize}`)
  const remove = deliveryRemover(db)
  return ({ cutoff }) => {
    const rows = old.all(cutoff)
    for (const { id } of rows) remove(String(id))
    return whole(rows.length)
  }
}

/** A delivery goes with its attempts. */
function deliveryRemover(db: DatabaseSync): (id: string) => void {
  const removeAttempts = db.prepare('DELETE FROM delivery_attempts WHERE delivery_id = ?')
  const remove = db.prepare('DELETE FROM deliveries WHERE id = ?')
  return id => {
    removeAttempts.run(id)
    remove.run(id)
  }
}

/** The trail is written in the order of time, so the oldest rows have the lowest ids. */
function oldAudit(db: DatabaseSync): Step {
  const remove = db.prepare(`DELETE FROM audit WHERE id IN
    (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ${batchSize}) WHERE at <= ?)`)
  return ({ cutoff }) => whole(Number(remove.run(cutoff).changes))
}

const whole = (removed: number): Batch => ({ removed, more: removed >= batchSize })

/**
 * Goes through the old rows of a table page by page, from the oldest to the newest, and then from the start again.
 * Rows that must stay are passed by, so that they never keep the sweep from those behind them.
 */
function walk(page: ReturnType<DatabaseSync['prepare']>, remove: (id: string) => number): Step {
  const start = { at: -1, id: '' }
  let after = start
  return ({ cutoff }) => {
    const rows = page.all(cutoff, after.at, after.id) as unknown as {
      at: number
      id: string
      over: number | null
    }[]
    let removed = 0
    let seen = 0
    for (const row of rows) {
      seen++
      after = { at: row.at, id: row.id }
      if (row.over === 1) removed += remove(row.id)
      if (removed >= batchSize) break
    }
    const more = seen < rows.length || rows.length === batchSize
    if (!more) after = start
    return { removed, more }
  }
}
