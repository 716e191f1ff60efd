import type { DatabaseSync } from 'node:sqlite'
import type { Json, StoredRecord, Token, TokenInput } from '../records.ts'
import type { TokenStore } from '../storage.ts'
import type { Write } from './group-commit.ts'
import {
  grantJoin,
  grantLive,
  joinAsRp,
  markOf,
  sessionJoin,
  sessionLive,
  tokenJoin,
  tokenLive
} from './liveness.ts'

interface TokenRow extends Omit<Token, 'payload' | 'consumedAgain'> {
  payload: string
  consumedAgain: number
}

interface GrantRow {
  id: string
  sub: string
  clientId: string
  sessionUid: string | null
  bound: number
  createdAt: number
  expiresAt: number
  payload: string
}

interface RecordRow {
  payload: string
  expiresAt: number
  sessionUid: string | null
  sessionLive: number
}

const tokenColumns = `t.hash, t.kind, t.client_id AS clientId, t.grant_id AS grantId, t.session_uid AS sessionUid,
  t.sid, t.sub, t.scope, t.created_at AS createdAt, t.expires_at AS expiresAt, t.consumed_at AS consumedAt,
  t.consumed_again AS consumedAgain, t.revoked_at AS revokedAt, t.payload`

const recordColumns = `r.payload, r.expires_at AS expiresAt, r.session_uid AS sessionUid,
  (r.session_uid IS NULL OR EXISTS (SELECT 1 FROM ${sessionJoin} WHERE s.uid = r.session_uid AND ${sessionLive})) AS sessionLive`

/** {@link TokenStore} on SQLite. */
export function sqliteTokens(db: DatabaseSync, write: Write): TokenStore {
  const grantColumns = `g.id, g.sub, g.client_id AS clientId, g.session_uid AS sessionUid, g.bound,
    g.created_at AS createdAt, g.expires_at AS expiresAt, g.payload`
  const liveSession = db.prepare(`SELECT 1 FROM ${sessionJoin} WHERE s.uid = ?2 AND ${sessionLive}`)
  const sameGrant = db.prepare(`SELECT g.id FROM ${grantJoin}
    WHERE g.session_uid = ?2 AND g.client_id = ?3 AND g.sub = ?4 AND g.bound = ?5 AND ${grantLive}`)
  const addGrant =
    db.prepare(`INSERT INTO grants (id, sub, client_id, session_uid, bound, created_at, expires_at,
      user_epoch, client_epoch, system_epoch, payload)
    SELECT ?2, u.sub, c.client_id, ?5, ?6, ?1, ?7, u.epoch, c.epoch, y.epoch, ?8
      FROM users u JOIN clients c ON c.client_id = ?4 JOIN system y ON y.id = 1
      WHERE u.sub = ?3 AND u.status = 'active' AND c.enabled = 1
        AND (?9 IS NULL OR ?9 = ${markOf})`)
  const addUserClient = db.prepare(
    'INSERT INTO user_clients (sub, client_id, first_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
  )
  const liveGrant = db.prepare(`SELECT ${grantColumns} FROM ${grantJoin} WHERE g.id = ?2 AND ${grantLive}`)
  const revokedBy = db.prepare('SELECT revoked_by AS id FROM grants WHERE id = ? AND revoked_by IS NOT NULL')
  const updateGrant = db.prepare(
    'UPDATE grants SET payload = ?, expires_at = max(expires_at, ?) WHERE id = ?'
  )
  const addToken =
    db.prepare(`INSERT INTO tokens (hash, kind, client_id, grant_id, session_uid, sid, sub, scope,
      created_at, expires_at, client_epoch, system_epoch, payload, status_list, status_index)
    SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?1, ?10, ifnull((SELECT epoch FROM clients WHERE client_id = ?4), 0), y.epoch,
      ?11, ?12, ?13
      FROM system y WHERE y.id = 1
    ON CONFLICT (hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at
      WHERE tokens.revoked_at IS NULL`)
  const enabledClient = db.prepare('SELECT 1 FROM clients WHERE client_id = ? AND enabled = 1')
  const addClient = db.prepare(joinAsRp)
  const liveToken = db.prepare(
    `SELECT ${tokenColumns}, u.email AS userEmail FROM ${tokenJoin} WHERE t.hash = ?2 AND ${tokenLive}`
  )
  const tokenRow = db.prepare(`SELECT ${tokenColumns}, NULL AS userEmail FROM tokens t WHERE t.hash = ?`)
  const consume = db.prepare(
    'UPDATE tokens SET consumed_at = ?1 WHERE hash = ?2 AND consumed_at IS NULL AND revoked_at IS NULL'
  )
  const consumeAgain = db.prepare(`UPDATE tokens SET consumed_again = 1
    WHERE hash = ?2 AND consumed_again = 0 AND consumed_at > ?1 - ?3 AND revoked_at IS NULL`)
  const extend = db.prepare('UPDATE tokens SET expires_at = ? WHERE hash = ? AND revoked_at IS NULL')
  const putRecord =
    db.prepare(`INSERT INTO records (kind, hash, session_uid, expires_at, payload) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (kind, hash) DO UPDATE SET session_uid = excluded.session_uid, expires_at = excluded.expires_at, payload = excluded.payload`)
  const findRecord = db.prepare(
    `SELECT ${recordColumns} FROM records r WHERE r.kind = ?2 AND r.hash = ?3 AND r.expires_at > ?1`
  )
  const dropRecord = db.prepare('DELETE FROM records WHERE kind = ? AND hash = ?')
  const claim = db.prepare(
    "INSERT INTO records (kind, hash, expires_at, payload) VALUES (?, ?, ?, '{}') ON CONFLICT DO NOTHING"
  )

  function parentsLive(token: TokenInput, now: number): boolean {
    if (token.kind === 'AuthorizationCode' && !(token.sessionUid && liveSession.get(now, token.sessionUid)))
      return false
    if (token.grantId !== null) return liveGrant.get(now, token.grantId) !== undefined
    return token.clientId === null || enabledClient.get(token.clientId) !== undefined
  }

  return {
    openGrant: (it, now) =>
      write(() => {
        const bound = it.bound ? 1 : 0
        if (it.sessionUid !== null) {
          if (!liveSession.get(now, it.sessionUid)) return 'ended'
          const same = sameGrant.get(now, it.sessionUid, it.clientId, it.sub, bound)
          if (same) return { id: String(same.id) }
        }
        const { changes } = addGrant.run(
          now,
          it.id,
          it.sub,
          it.clientId,
          it.sessionUid,
          bound,
          it.expiresAt,
          JSON.stringify(it.payload),
          it.provenUnder ?? null
        )
        if (changes === 0) return 'ended'
        addUserClient.run(it.sub, it.clientId, now)
        return { id: it.id }
      }),
    saveGrant: (id, payload, expiresAt, now) =>
      write(() => {
        if (!liveGrant.get(now, id)) return 'revoked'
        updateGrant.run(JSON.stringify(payload), expiresAt, id)
        return 'saved'
      }),
    findGrant: async (id, now) => {
      const row = liveGrant.get(now, id) as unknown as GrantRow | undefined
      return row && { ...row, bound: row.bound === 1, payload: JSON.parse(row.payload) as Json }
    },
    grantRevokedBy: async id => {
      const row = revokedBy.get(id)
      return row && String(row.id)
    },
    saveToken: (it, now) =>
      write(() => {
        if (!parentsLive(it, now)) return 'dead'
        const { changes } = addToken.run(
          now,
          it.hash,
          it.kind,
          it.clientId,
          it.grantId,
          it.sessionUid,
          it.sid,
          it.sub,
          it.scope,
          it.expiresAt,
          JSON.stringify(it.payload),
          it.statusPlace?.list ?? null,
          it.statusPlace?.index ?? null
        )
        if (changes === 0) return 'dead'
        if (it.kind === 'AuthorizationCode' && it.sessionUid && it.clientId && it.sid) {
          addClient.run(it.sessionUid, it.clientId, it.sid, now)
        }
        return 'saved'
      }),
    findToken: async (hash, now) => toToken(liveToken.get(now, hash)),
    findTokenRow: async hash => toToken(tokenRow.get(hash)),
    consumeToken: (hash, graceSeconds, now) =>
      write(() => {
        // A code whose session has ended since it was read must not be redeemed.
        if (!liveToken.get(now, hash)) return 'used'
        if (consume.run(now, hash).changes === 1) return 'consumed'
        return consumeAgain.run(now, hash, graceSeconds).changes === 1 ? 'again' : 'used'
      }),
    extendToken: (hash, expiresAt) => write(() => void extend.run(expiresAt, hash)),
    putRecord: it =>
      write(
        () =>
          void putRecord.run(
            it.kind,
            it.hash,
            it.sessionUid ?? null,
            it.expiresAt,
            JSON.stringify(it.payload)
          )
      ),
    findRecord: async (kind, hash, now) => toRecord(findRecord.get(now, kind, hash)),
    takeRecord: (kind, hash, now) =>
      write(() => {
        const record = toRecord(findRecord.get(now, kind, hash))
        if (record) dropRecord.run(kind, hash)
        return record
      }),
    dropRecord: (kind, hash) => write(() => void dropRecord.run(kind, hash)),
    claimOnce: (kind, hash, expiresAt) => write(() => claim.run(kind, hash, expiresAt).changes === 1)
  }
}

function toToken(found: unknown): Token | undefined {
  if (!found) return undefined
  const row = found as TokenRow
  // Introspection and the API ask for tokens all the time and hardly ever for what else is kept of them.
  let payload: Json | undefined
  return {
    hash: row.hash,
    kind: row.kind,
    clientId: row.clientId,
    grantId: row.grantId,
    sessionUid: row.sessionUid,
    sid: row.sid,
    sub: row.sub,
    scope: row.scope,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    consumedAt: row.consumedAt,
    consumedAgain: row.consumedAgain === 1,
    revokedAt: row.revokedAt,
    userEmail: row.userEmail,
    get payload() {
      payload ??= JSON.parse(row.payload) as Json
      return payload
    }
  }
}

function toRecord(found: unknown): StoredRecord | undefined {
  if (!found) return undefined
  const row = found as RecordRow
  return {
    payload: JSON.parse(row.payload) as Json,
    expiresAt: row.expiresAt,
    sessionUid: row.sessionUid,
    sessionEnded: row.sessionLive !== 1
  }
}
