import type { DatabaseSync } from 'node:sqlite'
import type { AuditEntry, Delivery, Ended, EndOrder, Json, ReceiptRow } from '../records.ts'
import type { LogoutStore } from '../storage.ts'
import { endOne } from './end-one.ts'
import { endOver } from './end-over.ts'
import type { Write } from './group-commit.ts'
import { sqliteJobs } from './jobs.ts'
import { insertOwed } from './owed.ts'
import { streamEvents } from './stream-events.ts'
import { wideEnds } from './wide-ends.ts'

/** ?1 user, ?2 client. */
const rpRowsOf = `sessions s CROSS JOIN session_clients sc ON sc.session_uid = s.uid
  WHERE s.sub = ?1 AND s.ended_at IS NULL AND sc.client_id = ?2`

interface Counts {
  sessionsEnded: number
  grantsRevoked: number
  tokensRevoked: number
}

/** {@link LogoutStore} on SQLite: `end` is one write, so it shares a commit with whatever arrives beside it. */
export function sqliteEnding(db: DatabaseSync, write: Write): LogoutStore {
  const one = endOne(db)
  const ofUser = db.prepare('SELECT uid FROM sessions WHERE sub = ?1 AND ended_at IS NULL AND uid IS NOT ?2')
  const over = endOver(db)
  const endedBy = db.prepare('SELECT ended_by AS id FROM sessions WHERE uid = ?')
  const revokedBy = db.prepare('SELECT revoked_by AS id FROM grants WHERE id = ?')
  const revokeGrantsOf = db.prepare(`UPDATE grants SET revoked_at = ?1, revoked_by = ?2
    WHERE sub = ?3 AND client_id = ?4 AND revoked_at IS NULL`)
  const tokenRevokedBy = db.prepare('SELECT revoked_by AS id FROM tokens WHERE hash = ?')
  const revokeToken = db.prepare(
    'UPDATE tokens SET revoked_at = ?1, revoked_by = ?2 WHERE hash = ?3 AND revoked_at IS NULL'
  )
  const likeBefore = db.prepare(`SELECT id FROM logouts WHERE spread = 1 AND sub = ?1 AND cause = ?2
    AND client_id IS ?3 ORDER BY at DESC LIMIT 1`)
  const wide = wideEnds(db)
  const events = streamEvents(db)
  // One delivery for each sid by which the client knows this user; only without any, one by sub.
  const tellClientBySid = db.prepare(
    insertOwed({
      sid: 'sc.sid',
      sub: 's.sub',
      from: `sessions s CROSS JOIN session_clients sc ON sc.session_uid = s.uid JOIN clients c ON c.client_id = sc.client_id
        WHERE s.sub = ?3 AND s.ended_at IS NULL AND sc.client_id = ?4`
    })
  )
  const tellClientBySub = db.prepare(
    insertOwed({ sid: 'NULL', sub: '?3', from: 'clients c WHERE c.client_id = ?4' })
  )
  // Deleted is for good.
  const userStatus = db.prepare(
    "UPDATE users SET status = ?1 WHERE sub = ?2 AND status NOT IN (?1, 'deleted')"
  )
  const disable = db.prepare(
    'UPDATE clients SET enabled = 0, version = version + 1 WHERE client_id = ? AND enabled = 1'
  )
  const voidProofs = db.prepare('UPDATE users SET proofs = proofs + 1 WHERE sub = ?')
  const isRp = db.prepare(`SELECT EXISTS (SELECT 1 FROM ${rpRowsOf}) AS found`)
  const leave = db.prepare(`DELETE FROM session_clients WHERE client_id = ?2 AND session_uid IN
    (SELECT uid FROM sessions WHERE sub = ?1 AND ended_at IS NULL)`)
  const dropConsent = db.prepare('DELETE FROM consents WHERE sub = ? AND client_id = ?')
  const addLogout =
    db.prepare(`INSERT INTO logouts (id, cause, sub, client_id, at, sessions_ended, grants_revoked,
      tokens_revoked, spread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const addAudit =
    db.prepare(`INSERT INTO audit (at, event, sub, client_id, logout_id, ip, request_id, detail)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)

  function end(order: EndOrder, now: number): Ended {
    const counts: Counts = { sessionsEnded: 0, grantsRevoked: 0, tokensRevoked: 0 }
    const endSession = onlyIfOver(order) ? over.end : one.session
    for (const uid of sessionUids(order)) {
      if (endSession.run(now, order.logoutId, uid).changes === 0) continue
      counts.sessionsEnded++
      events.sessionEnded(order.logoutId, uid, now)
      if (order.tell === 'session_rps') one.tellRps.run(now, order.logoutId, uid, order.sub)
    }
    for (const id of order.grants ?? [])
      counts.grantsRevoked += Number(one.grant.run(now, order.logoutId, id).changes)
    for (const hash of order.tokens ?? [])
      counts.tokensRevoked += Number(revokeToken.run(now, order.logoutId, hash).changes)
    if (order.grantsOf) {
      const { sub, clientId } = order.grantsOf
      counts.grantsRevoked += Number(revokeGrantsOf.run(now, order.logoutId, sub, clientId).changes)
    }
    const widened = moveStates(order, now)
    const changed = counts.sessionsEnded + counts.grantsRevoked + counts.tokensRevoked > 0 || widened
    if (!changed) return { state: 'already_ended', receiptId: earlierReceipt(order) }
    if (order.tell === 'client' && order.sub !== null && order.clientId !== null) {
      const bySid = tellClientBySid.run(now, order.logoutId, order.sub, order.clientId)
      if (bySid.changes === 0) tellClientBySub.run(now, order.logoutId, order.sub, order.clientId)
    }
    if (order.dropConsent) leave.run(order.dropConsent.sub, order.dropConsent.clientId)
    if (order.epoch && 'user' in order.epoch) events.userEnded(order.logoutId, order.epoch.user, now)
    writeDown(order, counts, now)
    return { state: 'ended', receiptId: order.logoutId }
  }

  function sessionUids(order: EndOrder): string[] {
    if (!order.sessions) return []
    if ('uid' in order.sessions) return [order.sessions.uid]
    return ofUser.all(order.sessions.ofUser, order.sessions.except).map(row => String(row.uid))
  }

  function moveStates(order: EndOrder, now: number): boolean {
    const { sub, clientId } = order
    let changed = false
    if (order.userStatus && sub !== null) changed = userStatus.run(order.userStatus, sub).changes > 0
    if (order.disableClient && clientId !== null) changed = disable.run(clientId).changes > 0
    // A second "disable" finds the status already so and must not move the counter again.
    const repeated = (order.userStatus !== undefined || order.disableClient === true) && !changed
    if (order.dropConsent) {
      const { sub, clientId } = order.dropConsent
      changed = isRp.get(sub, clientId)?.found === 1 || changed
      changed = dropConsent.run(sub, clientId).changes > 0 || changed
    }
    if (order.voidProofs !== undefined) voidProofs.run(order.voidProofs)
    if (order.epoch && !repeated) changed = wide.end(order.epoch, order.logoutId, now) || changed
    return changed
  }

  function earlierReceipt(order: EndOrder): string | null {
    const { sessions, grants, tokens, epoch, sub, cause, clientId } = order
    if (epoch) return wide.lastEnd(epoch)
    const session = sessions && 'uid' in sessions ? endedBy.get(sessions.uid) : undefined
    const grant = grants?.[0] === undefined ? undefined : revokedBy.get(grants[0])
    const token = tokens?.[0] === undefined ? undefined : tokenRevokedBy.get(tokens[0])
    const found = session?.id ?? grant?.id ?? token?.id
    if (found) return String(found)
    const before = sub === null || !isSpread(order) ? undefined : likeBefore.get(sub, cause, clientId)
    return before === undefined ? null : String(before.id)
  }

  function writeDown(order: EndOrder, counts: Counts, now: number): void {
    const { logoutId, cause, sub, clientId, audit } = order
    addLogout.run(
      logoutId,
      cause,
      sub,
      clientId,
      now,
      counts.sessionsEnded,
      counts.grantsRevoked,
      counts.tokensRevoked,
      isSpread(order) ? 1 : 0
    )
    const detail = { cause, ...audit.detail }
    addAudit.run(
      now,
      'logout',
      sub,
      clientId,
      logoutId,
      audit.ip ?? null,
      audit.requestId ?? null,
      JSON.stringify(detail)
    )
  }

  const findLogout =
    db.prepare(`SELECT id, cause, sub, client_id AS clientId, at, sessions_ended AS sessionsEnded,
    grants_revoked AS grantsRevoked, tokens_revoked AS tokensRevoked,
    EXISTS (SELECT 1 FROM jobs j WHERE j.logout_id = l.id AND j.done_at IS NULL) AS jobOpen
    FROM logouts l WHERE id = ?`)
  const deliveryColumns = `id, kind, logout_id AS logoutId, client_id AS clientId, sid, sub, address, state, attempts,
    next_at AS nextAt, created_at AS createdAt`
  const deliveriesOf = db.prepare(
    `SELECT ${deliveryColumns} FROM deliveries WHERE logout_id = ? ORDER BY client_id, sid`
  )
  const allDeliveries = db.prepare(`SELECT ${deliveryColumns} FROM deliveries ORDER BY created_at, id`)
  const listAudit = db.prepare(`SELECT id, at, event, sub, client_id AS clientId, logout_id AS logoutId, ip,
    request_id AS requestId, detail FROM audit WHERE (?1 IS NULL OR sub = ?1) AND (?2 IS NULL OR event = ?2)
    ORDER BY id DESC LIMIT ?3`)
  const jobs = sqliteJobs(db)

  return {
    end: (order, now) => write(() => end(order, now)),
    listOverSessions: async (limit, now) => over.list(limit, now),
    runJob: (limit, now) => write(() => jobs.runBatch(limit, now)),
    findReceipt: async id => {
      const row = findLogout.get(id)
      return row && ({ ...row, jobOpen: row.jobOpen === 1 } as unknown as ReceiptRow)
    },
    listDeliveries: async logoutId =>
      (logoutId === undefined ? allDeliveries.all() : deliveriesOf.all(logoutId)).map(
        row => ({ ...row }) as unknown as Delivery
      ),
    writeAudit: (it, now) =>
      write(() => {
        const detail = it.detail ? JSON.stringify(it.detail) : null
        const { event, sub = null, clientId = null, logoutId = null, ip = null, requestId = null } = it
        addAudit.run(now, event, sub, clientId, logoutId, ip, requestId, detail)
      }),
    listAudit: async ({ limit, sub, event }) =>
      listAudit.all(sub ?? null, event ?? null, limit).map(row => {
        const detail = row.detail === null ? undefined : (JSON.parse(String(row.detail)) as Json)
        return { ...row, detail } as unknown as AuditEntry
      })
  }
}

const onlyIfOver = ({ sessions }: EndOrder): boolean =>
  sessions !== undefined && 'uid' in sessions && sessions.onlyIfOver === true

/** Whether an order ends several rows of one user. */
function isSpread({ sessions, grantsOf }: EndOrder): boolean {
  return grantsOf !== undefined || (sessions !== undefined && 'ofUser' in sessions)
}
