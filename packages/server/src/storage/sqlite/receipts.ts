import { performance } from 'node:perf_hooks'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { ReceiptStore, ToldApplication, ToldState } from '../receipt-store.ts'
import { isFramed } from './front-channel.ts'

type Row = Record<string, SQLOutputValue>

/** Most sessions that one page goes through for applications that are owed nothing: it may find none in them. */
const sessionsPerPage = 1000
/** How much longer a count is kept than it took, and from how many milliseconds on it is kept at all. */
const keptFor = 20

const noticeStates = ['pending', 'delivered', 'refused', 'unclear', 'gave_up', 'superseded'] as const

/** {@link ReceiptStore} on SQLite. */
export function sqliteReceipts(db: DatabaseSync): ReceiptStore {
  const notice = "kind IN ('back_channel', 'webhook')"
  // Sums instead of groups by state, and grouped in the order of the index, which holds all of it: nothing is sorted.
  // However many ways a client has: what it is owed by one of them is owed for the same sids.
  const countOwed = db.prepare(`SELECT client_id AS clientId,
      ${noticeStates.map(state => `sum(state = '${state}') AS ${state}`).join(', ')},
      max(sum(kind = 'back_channel' AND (sid IS NOT NULL)), sum(kind = 'webhook' AND (sid IS NOT NULL))) AS bySid
    FROM deliveries INDEXED BY deliveries_of_logout WHERE logout_id = ? AND ${notice} GROUP BY client_id`)
  const countRps = db.prepare(`SELECT sc.client_id AS clientId, count(*) AS n
    FROM sessions s CROSS JOIN session_clients sc ON sc.session_uid = s.uid WHERE s.ended_by = ? GROUP BY 1`)
  const countAsked = db.prepare(
    'SELECT client_id AS clientId, count(*) AS n FROM front_channel WHERE logout_id = ? GROUP BY client_id'
  )
  // Two statements: in a comparison of pairs, SQLite seeks by the first column alone and goes through all of that client.
  const columns = `SELECT id, client_id AS clientId FROM deliveries WHERE logout_id = ?1 AND ${notice}`
  const owedToThis = db.prepare(`${columns} AND client_id = ?2 AND id > ?3 ORDER BY id LIMIT ?4`)
  const owedToOthers = db.prepare(`${columns} AND client_id > ?2 ORDER BY client_id, id LIMIT ?3`)
  const delivery = db.prepare(
    'SELECT id, client_id AS clientId, sid, state, attempts FROM deliveries WHERE id = ? AND logout_id = ?'
  )
  const sessions = db.prepare('SELECT uid FROM sessions WHERE ended_by = ? ORDER BY uid LIMIT ? OFFSET ?')
  const framed = db.prepare(`SELECT 1 FROM clients c WHERE c.client_id = ? AND ${isFramed}`)
  // RPs of an ended session to whom nothing is owed by the sid of that session. The plus takes a column's affinity away,
  // without which the index on expressions is not used.
  const silent = db.prepare(`SELECT sc.client_id AS clientId, sc.sid, 0 AS attempts, CASE
      WHEN EXISTS (SELECT 1 FROM front_channel f
        WHERE f.logout_id = ?1 AND f.client_id = sc.client_id AND f.sid = sc.sid) THEN 'requested'
      WHEN EXISTS (SELECT 1 FROM clients c WHERE c.client_id = sc.client_id AND ${isFramed})
      THEN 'not_requested' ELSE 'not_registered' END AS state
    FROM sessions s CROSS JOIN session_clients sc ON sc.session_uid = s.uid
    WHERE s.uid = ?2 AND (?3 IS NULL OR sc.client_id = ?3) AND NOT EXISTS (
      SELECT 1 FROM deliveries d INDEXED BY deliveries_once WHERE d.logout_id = ?1 AND d.client_id = sc.client_id
        AND ifnull(d.sub, '') = +s.sub AND ifnull(d.sid, '') = +sc.sid AND d.${notice})
    ORDER BY sc.client_id`)
  const newestAttempts = db.prepare(`SELECT at, status, milliseconds FROM delivery_attempts
    WHERE delivery_id = ? ORDER BY at DESC, rowid DESC LIMIT ?`)
  const kept = new Map<string, { until: number; states: Partial<Record<ToldState, number>> }>()

  function count(id: string): Partial<Record<ToldState, number>> {
    const start = performance.now()
    for (const [known, { until }] of kept) if (until <= start) kept.delete(known)
    const found = kept.get(id)
    if (found) return found.states
    const states = countNow(id)
    const end = performance.now()
    if (end - start > keptFor) kept.set(id, { until: end + (end - start) * keptFor, states })
    return states
  }

  function countNow(id: string): Partial<Record<ToldState, number>> {
    const states = new Map<ToldState, number>()
    const add = (state: ToldState, n: SQLOutputValue = 0): void =>
      void states.set(state, (states.get(state) ?? 0) + Number(n))
    const owed = countOwed.all(id)
    for (const row of owed) for (const state of noticeStates) add(state, row[state])
    const bySid = new Map(owed.map(row => [row.clientId, Number(row.bySid)]))
    const asked = new Map(countAsked.all(id).map(({ clientId, n }) => [clientId, Number(n)]))
    for (const { clientId = '', n } of countRps.all(id)) {
      const silent = Math.max(0, Number(n) - (bySid.get(clientId) ?? 0))
      const requested = Math.min(silent, asked.get(clientId) ?? 0)
      add('requested', requested)
      if (silent > requested)
        add(framed.get(clientId) ? 'not_requested' : 'not_registered', silent - requested)
    }
    return Object.fromEntries([...states].filter(([, n]) => n > 0))
  }

  function told(row: Row, most: number): ToldApplication {
    const { id, clientId, sid, state, attempts } = row
    const newest = id === undefined ? [] : newestAttempts.all(id, most)
    const tried = newest.reverse().map(it => ({ ...it }))
    return { clientId, sid, state, attempts, tried } as unknown as ToldApplication
  }

  return {
    countApplications: async id => count(id),
    async listApplications(logoutId, { clientId, after = '', limit, attempts: most }) {
      const applications: ToldApplication[] = []
      const before = /^s(\d{1,9})$/.exec(after)?.[1]
      if (before === undefined) {
        const found = delivery.get(after, logoutId)
        // Another application's place shows nothing of it.
        const last = clientId === undefined || found?.clientId === clientId ? found : undefined
        const [client, id] = [String(last?.clientId ?? clientId ?? ''), String(last?.id ?? '')]
        const page = owedToThis.all(logoutId, client, id, limit + 1)
        if (clientId === undefined) page.push(...owedToOthers.all(logoutId, client, limit + 1 - page.length))
        for (const it of page.slice(0, limit)) {
          const row = delivery.get(String(it.id), logoutId)
          if (row) applications.push(told(row, most))
        }
        if (page.length > limit) return { applications, next: String(page[limit - 1]?.id) }
      }
      let seen = Number(before ?? 0)
      const page = sessions.all(logoutId, sessionsPerPage + 1, seen)
      const end = seen + page.length
      for (const { uid = '' } of page.slice(0, sessionsPerPage)) {
        if (applications.length >= limit) break
        const rows = silent.all(logoutId, uid, clientId ?? null)
        applications.push(...rows.map(row => told(row, most)))
        seen++
      }
      return seen < end ? { applications, next: `s${seen}` } : { applications }
    }
  }
}
