import type { DatabaseSync } from 'node:sqlite'
import type { Json, Session, SessionClient, SessionGlance } from '../records.ts'
import type { SessionStore } from '../storage.ts'
import type { Write } from './group-commit.ts'
import { joinAsRp, markOf, sessionJoin, sessionLive } from './liveness.ts'

interface SessionRow {
  uid: string
  cookie_hash: string
  sub: string
  remembered: number
  login_at: number
  created_at: number
  last_active_at: number
  expires_at: number
  ends_at: number
  ended_at: number | null
  ended_by: string | null
  user_agent: string | null
  ip: string | null
  payload: string
  live: number
}

const columns = `s.uid, s.cookie_hash, s.sub, s.remembered, s.login_at, s.created_at, s.last_active_at, s.expires_at,
  s.ends_at, s.ended_at, s.ended_by, s.user_agent, s.ip, s.payload, ${sessionLive} AS live`

/** {@link SessionStore} on SQLite. */
export function sqliteSessions(db: DatabaseSync, write: Write): SessionStore {
  // A session of one person never becomes another's, and one that has ended is never written again:
  // an authorization that was under way when a logout landed must not bring it back.
  const save = db.prepare(`INSERT INTO sessions AS s (uid, cookie_hash, sub, remembered, login_at, created_at,
      last_active_at, expires_at, ends_at, user_epoch, system_epoch, user_agent, ip, payload, handle_hash)
    SELECT ?2, ?3, u.sub, ?5, ?6, ?1, ?1, ?7, ?8, u.epoch, y.epoch, ?9, ?10, ?11, ?14
      FROM users u JOIN system y ON y.id = 1 WHERE u.sub = ?4 AND u.status = 'active'
        AND (?12 IS NULL OR ?12 = ${markOf})
    ON CONFLICT (uid) DO UPDATE SET cookie_hash = excluded.cookie_hash, remembered = excluded.remembered,
      last_active_at = ?1, expires_at = excluded.expires_at, payload = excluded.payload,
      ends_at = CASE WHEN excluded.login_at > s.login_at THEN excluded.ends_at ELSE s.ends_at END,
      login_at = max(s.login_at, excluded.login_at), handle_hash = coalesce(s.handle_hash, excluded.handle_hash)
    WHERE s.ended_at IS NULL AND s.sub = excluded.sub AND s.expires_at > ?1 AND s.ends_at > ?1
      AND s.user_epoch = excluded.user_epoch AND s.system_epoch = excluded.system_epoch
      AND (?13 IS NULL OR s.cookie_hash = ?13)`)
  const byCookie = db.prepare(
    `SELECT ${columns} FROM ${sessionJoin} WHERE s.cookie_hash = ?2 AND ${sessionLive}`
  )
  const rowByCookie = db.prepare(`SELECT ${columns} FROM ${sessionJoin} WHERE s.cookie_hash = ?2`)
  const glanceBy = (column: string) =>
    db.prepare(`SELECT s.uid, s.sub, s.expires_at AS expiresAt, u.name, EXISTS (SELECT 1
      FROM session_clients sc WHERE sc.session_uid = s.uid AND sc.client_id = ?3) AS joined
    FROM ${sessionJoin} WHERE ${column} = ?2 AND ${sessionLive}`)
  const glance = { cookie: glanceBy('s.cookie_hash'), handle: glanceBy('s.handle_hash') }
  const byHandle = db.prepare(`SELECT ${columns} FROM ${sessionJoin} WHERE s.handle_hash = ?2`)
  const byUid = db.prepare(`SELECT ${columns} FROM ${sessionJoin} WHERE s.uid = ?2 AND ${sessionLive}`)
  const bySid =
    db.prepare(`SELECT ${columns} FROM session_clients sc JOIN sessions s ON s.uid = sc.session_uid
    JOIN users u ON u.sub = s.sub JOIN system y ON y.id = 1 WHERE sc.client_id = ?2 AND sc.sid = ?3`)
  const touch = db.prepare(`UPDATE sessions SET last_active_at = ?1, expires_at = max(expires_at, ?2)
    WHERE uid = ?3 AND ended_at IS NULL AND expires_at > ?1`)
  const clients = db.prepare(`SELECT client_id AS clientId, sid FROM session_clients WHERE session_uid = ?
    ORDER BY joined_at, client_id`)
  const joined = db.prepare('SELECT 1 FROM session_clients WHERE session_uid = ? AND client_id = ?')
  const join = db.prepare(joinAsRp)
  const alive = db.prepare(`SELECT 1 FROM ${sessionJoin} WHERE s.uid = ?2 AND ${sessionLive}`)
  const row = db.prepare(`SELECT ${columns} FROM ${sessionJoin} WHERE s.uid = ?2`)
  // One statement for each question: a condition that switches itself off would keep the planner from its index.
  const newestFirst = 'ORDER BY s.created_at DESC, s.uid DESC LIMIT ?2'
  const list = {
    live: db.prepare(`SELECT ${columns} FROM ${sessionJoin} WHERE ${sessionLive} ${newestFirst}`),
    all: db.prepare(`SELECT ${columns} FROM ${sessionJoin} WHERE true ${newestFirst}`),
    liveOfUser: db.prepare(
      `SELECT ${columns} FROM ${sessionJoin} WHERE s.sub = ?3 AND ${sessionLive} ${newestFirst}`
    ),
    allOfUser: db.prepare(`SELECT ${columns} FROM ${sessionJoin} WHERE s.sub = ?3 ${newestFirst}`)
  }

  return {
    saveSession: (it, now) =>
      write(() => {
        const { changes } = save.run(
          now,
          it.uid,
          it.cookieHash,
          it.sub,
          it.remembered ? 1 : 0,
          it.loginAt,
          it.expiresAt,
          it.endsAt,
          it.userAgent ?? null,
          it.ip ?? null,
          JSON.stringify(it.payload),
          it.provenUnder ?? null,
          it.foundUnder ?? null,
          it.handleHash ?? null
        )
        return changes === 0 ? 'ended' : 'saved'
      }),
    findSessionByCookie: async (cookieHash, now) => toSession(byCookie.get(now, cookieHash)),
    findSessionRowByCookie: async (cookieHash, now) => toSession(rowByCookie.get(now, cookieHash)),
    findSessionByHandle: async (handleHash, now) => toSession(byHandle.get(now, handleHash)),
    glanceAtSession: async (key, clientId, now) => {
      const found =
        'handleHash' in key
          ? glance.handle.get(now, key.handleHash, clientId)
          : glance.cookie.get(now, key.cookieHash, clientId)
      return found && ({ ...found, joined: found.joined === 1 } as unknown as SessionGlance)
    },
    findSession: async (uid, now) => toSession(byUid.get(now, uid)),
    findSessionBySid: async (clientId, sid, now) => toSession(bySid.get(now, clientId, sid)),
    touchSession: (uid, expiresAt, now) => write(() => void touch.run(now, expiresAt, uid)),
    sessionClients: async uid => clients.all(uid) as unknown as SessionClient[],
    isJoined: async (uid, clientId) => joined.get(uid, clientId) !== undefined,
    joinSession: ({ sessionUid, clientId, sid }, now) =>
      write(() => {
        if (!alive.get(now, sessionUid)) return 'ended'
        return join.run(sessionUid, clientId, sid, now).changes === 0 ? 'already' : 'joined'
      }),
    findSessionRow: async (uid, now) => toSession(row.get(now, uid)),
    listSessions: async ({ sub, all, limit }, now) => {
      const rows =
        sub === undefined
          ? (all ? list.all : list.live).all(now, limit)
          : (all ? list.allOfUser : list.liveOfUser).all(now, limit, sub)
      return rows.flatMap(found => toSession(found) ?? [])
    }
  }
}

function toSession(found: unknown): Session | undefined {
  if (!found) return undefined
  const row = found as SessionRow
  return {
    uid: row.uid,
    cookieHash: row.cookie_hash,
    sub: row.sub,
    remembered: row.remembered === 1,
    loginAt: row.login_at,
    createdAt: row.created_at,
    lastActiveAt: row.last_active_at,
    expiresAt: row.expires_at,
    endsAt: row.ends_at,
    endedAt: row.ended_at,
    endedBy: row.ended_by,
    userAgent: row.user_agent ?? undefined,
    ip: row.ip ?? undefined,
    payload: JSON.parse(row.payload) as Json,
    live: row.live === 1
  }
}
