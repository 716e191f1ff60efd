import type { DatabaseSync } from 'node:sqlite'
import { endOne } from './end-one.ts'
import { insertOwed } from './owed.ts'
import { streamEvents } from './stream-events.ts'

interface Job {
  logout_id: string
  kind: 'user' | 'client' | 'system'
  subject: string
  epoch: number
  /** The last sid of the client that was looked at. */
  told_up_to: string
}

/** Writes down, batch by batch, what a moved epoch has already ended. */
export interface Jobs {
  runBatch(limit: number, now: number): 'worked' | 'idle'
}

/**
 * A job walks over the sessions, then the grants, that its epoch killed; of a client, over its places among RPs first.
 * Each is marked as it is taken (of the places, how far it came), in the same transaction that queues its deliveries, so a
 * batch that is repeated finds nothing left of what was done.
 */
export function sqliteJobs(db: DatabaseSync): Jobs {
  const one = endOne(db)
  const events = streamEvents(db)
  // By epoch too, so that of two logouts of one user in the same second the first gets what it ended.
  const oldest = db.prepare(
    `SELECT logout_id, kind, subject, epoch, told_up_to FROM jobs WHERE done_at IS NULL
    ORDER BY created_at, epoch, logout_id LIMIT 1`
  )
  const done = db.prepare('UPDATE jobs SET done_at = ? WHERE logout_id = ?')
  // The partial indexes hold only what has not ended, so batches do not wade through what earlier ones did.
  const sessionsOf = {
    user: db.prepare(
      'SELECT uid, sub FROM sessions WHERE ended_at IS NULL AND sub = ?1 AND user_epoch < ?2 LIMIT ?3'
    ),
    system: db.prepare(
      `SELECT uid, sub FROM sessions INDEXED BY sessions_of_user
      WHERE ended_at IS NULL AND ?1 = '' AND system_epoch < ?2 LIMIT ?3`
    )
  }
  // A grant that had died with its session, or by itself, is written down, but nobody is told or counts it.
  const grantColumns = `g.id, g.sub, g.client_id, g.session_uid,
    g.expires_at > ?4 AND (g.bound = 0 OR (s.uid IS NOT NULL AND ifnull(s.ended_by, ?5) = ?5)) AS was_alive`
  const withSession = 'LEFT JOIN sessions s ON s.uid = g.session_uid WHERE g.revoked_at IS NULL'
  const grantsOf = {
    user: db.prepare(
      `SELECT ${grantColumns} FROM grants g ${withSession} AND g.sub = ?1 AND g.user_epoch < ?2 LIMIT ?3`
    ),
    client: db.prepare(
      `SELECT ${grantColumns} FROM grants g ${withSession} AND g.client_id = ?1 AND g.client_epoch < ?2 LIMIT ?3`
    ),
    system: db.prepare(
      `SELECT ${grantColumns} FROM grants g INDEXED BY grants_of_client ${withSession}
      AND ?1 = '' AND g.system_epoch < ?2 LIMIT ?3`
    )
  }
  // Of the places that the counter's last value left: those of an earlier one were told by the logout that ended it.
  const rpsOf = db.prepare(`SELECT sc.sid, s.sub, sc.client_epoch = ?3 - 1 AND s.ended_at IS NULL AS was_rp
    FROM session_clients sc CROSS JOIN sessions s ON s.uid = sc.session_uid
    WHERE sc.client_id = ?1 AND sc.sid > ?2 ORDER BY sc.sid LIMIT ?4`)
  const toldUpTo = db.prepare('UPDATE jobs SET told_up_to = ?2 WHERE logout_id = ?1')
  const sidOf = db.prepare(`SELECT sc.sid FROM session_clients sc JOIN sessions s ON s.uid = sc.session_uid
    WHERE sc.session_uid = ? AND sc.client_id = ? AND s.ended_at IS NULL`)
  const toldAlready = db.prepare(
    `SELECT 1 FROM deliveries WHERE logout_id = ? AND client_id = ? AND ifnull(sub, '') = ?
    AND stream_id IS NULL LIMIT 1`
  )
  const tellClient = db.prepare(
    insertOwed({ sid: '?3', sub: '?4', from: 'clients c WHERE c.client_id = ?5' })
  )
  const count = db.prepare(
    `UPDATE logouts SET sessions_ended = sessions_ended + ?2, grants_revoked = grants_revoked + ?3 WHERE id = ?1`
  )

  function endSessions(job: Job, limit: number, now: number): number {
    if (job.kind === 'client') return 0
    const rows = sessionsOf[job.kind].all(job.subject, job.epoch, limit)
    for (const row of rows) {
      one.session.run(now, job.logout_id, String(row.uid))
      one.tellRps.run(now, job.logout_id, String(row.uid), String(row.sub))
      // The end of one user as a whole was queued with it.
      if (job.kind === 'system') events.userEnded(job.logout_id, String(row.sub), now)
    }
    return rows.length
  }

  /** Tells a client wherever it is an RP, with or without a grant: its own login hangs on the session. */
  function tellRpsOf(job: Job, limit: number, now: number): number {
    if (job.kind !== 'client') return 0
    const rows = rpsOf.all(job.subject, job.told_up_to, job.epoch, limit)
    for (const row of rows)
      if (row.was_rp === 1) tellClient.run(now, job.logout_id, String(row.sid), String(row.sub), job.subject)
    const last = rows.at(-1)
    if (last) toldUpTo.run(job.logout_id, String(last.sid))
    return rows.length
  }

  /** How many rows were looked at, and how many of the grants were alive until now. */
  function revokeGrants(job: Job, limit: number, now: number): { seen: number; revoked: number } {
    const rows = grantsOf[job.kind].all(job.subject, job.epoch, limit, now, job.logout_id)
    const wereAlive = rows.filter(row => row.was_alive === 1)
    for (const row of rows) one.grant.run(now, job.logout_id, String(row.id))
    for (const row of wereAlive) {
      const [sub, clientId] = [String(row.sub), String(row.client_id)]
      if (job.kind === 'system') events.userEnded(job.logout_id, sub, now)
      const sid =
        job.kind === 'client' && row.session_uid !== null
          ? sidOf.get(String(row.session_uid), clientId)?.sid
          : undefined
      // By sid where the client has one in a session that goes on; by sub only when nothing else tells it about this user.
      if (sid !== undefined) tellClient.run(now, job.logout_id, String(sid), sub, clientId)
      else if (!toldAlready.get(job.logout_id, clientId, sub))
        tellClient.run(now, job.logout_id, null, sub, clientId)
    }
    return { seen: rows.length, revoked: wereAlive.length }
  }

  /** Goes on with one job. Returns how much of the limit is left; some, when the job is done. */
  function carryOn(job: Job, limit: number, now: number): number {
    const sessions = endSessions(job, limit, now)
    const left = limit - sessions - tellRpsOf(job, limit - sessions, now)
    // Grants only once no session is left, so that a client is told by sid wherever it has one.
    const grants = left > 0 ? revokeGrants(job, left, now) : { seen: 0, revoked: 0 }
    if (sessions + grants.revoked > 0) count.run(job.logout_id, sessions, grants.revoked)
    if (left - grants.seen > 0) done.run(now, job.logout_id)
    return left - grants.seen
  }

  return {
    runBatch(limit, now) {
      // Most jobs are of users with a handful of rows: several share one commit.
      let left = limit
      let worked = false
      while (left > 0) {
        const job = oldest.get() as unknown as Job | undefined
        if (!job) break
        worked = true
        left = carryOn(job, left, now) - 1
      }
      return worked ? 'worked' : 'idle'
    }
  }
}
