import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { AttemptInput, AttemptRow, ClaimedDelivery, Delivery, Json } from '../records.ts'
import type { DeliveryLimits, DeliveryStore } from '../storage.ts'
import type { GroupCommit } from './group-commit.ts'
import { grantJoin, grantLive, sessionLive } from './liveness.ts'
import { mayHear } from './stream-events.ts'

/**
 * {@link DeliveryStore} on SQLite. A claim moves a delivery's next time past the lease, in the same write that finds it.
 * What the worker notes of its own need not be on disk at once: after a power cut, which takes the last of it back,
 * those deliveries are made once more.
 */
export function sqliteDeliveries(
  db: DatabaseSync,
  { write, writeLoosely }: Omit<GroupCommit, 'flush'>
): DeliveryStore {
  // From one application, and one of its ways, to the next through the index, without looking at the rows in between. Two
  // statements: in a comparison of pairs, SQLite seeks by the first column alone and goes through all rows of that client.
  const pendingWay = "SELECT client_id AS clientId, kind FROM deliveries WHERE state = 'pending'"
  const nextKind = db.prepare(`${pendingWay} AND client_id = ? AND kind > ? ORDER BY kind LIMIT 1`)
  const nextClient = db.prepare(`${pendingWay} AND client_id > ? ORDER BY client_id, kind LIMIT 1`)
  const nextWay = (clientId: string, kind: string): Row | undefined =>
    nextKind.get(clientId, kind) ?? nextClient.get(clientId)
  const due =
    db.prepare(`SELECT d.id, d.kind, d.logout_id AS logoutId, d.client_id AS clientId, d.sid, d.sub, d.address,
      d.attempts, d.created_at AS createdAt, d.heard_maybe AS heardMaybe, d.stream_id AS streamId, d.event,
      (SELECT l.cause FROM logouts l WHERE l.id = d.logout_id) AS cause
    FROM deliveries d WHERE d.state = 'pending' AND d.client_id = ?1 AND d.kind = ?2 AND d.next_at <= ?3
    ORDER BY d.next_at, d.seq LIMIT ?4`)
  // One client's for all that it is owed: taking its metadata apart costs more than the rest of a row.
  const signedFor = db.prepare(`SELECT
      ifnull(json_extract(metadata, '$.id_token_signed_response_alg'), 'RS256') AS alg,
      json_extract(metadata, '$.webhook_secret_sealed') AS sealedWebhookSecret
    FROM clients WHERE client_id = ?`)
  const streamSpeaks = db.prepare(`SELECT 1 FROM streams st JOIN clients c ON c.client_id = st.client_id
    WHERE st.client_id = ? AND st.status = 'enabled' AND ${mayHear}`)
  // Sets when a pending delivery is due: after a lease, or now.
  const dueAt = db.prepare("UPDATE deliveries SET next_at = ?2 WHERE id = ?1 AND state = 'pending'")
  // By `sub` alone it would end a sign-in that was made since.
  const signedInSince = db.prepare(`SELECT EXISTS (SELECT 1 FROM ${grantJoin}
      WHERE g.sub = ?2 AND g.client_id = ?3 AND ${grantLive})
    OR EXISTS (SELECT 1 FROM sessions s CROSS JOIN users u ON u.sub = s.sub CROSS JOIN system y ON y.id = 1
      CROSS JOIN session_clients sc ON sc.session_uid = s.uid AND sc.client_id = ?3
      WHERE s.sub = ?2 AND sc.joined_at >= ?4 AND ${sessionLive}) AS found`)
  const settle =
    db.prepare(`UPDATE deliveries SET state = iif(?2 = 'pending', state, ?2), attempts = attempts + ?3,
      next_at = ?4, heard_maybe = max(heard_maybe, ?5) WHERE id = ?1 AND state IN ('pending', 'waiting')`)
  const addAttempt = db.prepare(
    'INSERT INTO delivery_attempts (delivery_id, at, status, problem, milliseconds) VALUES (?, ?, ?, ?, ?)'
  )
  // Nobody fetches what a removed stream owed, and nothing would settle it again.
  // Its age stays, and with it how long it is tried by itself and which sign-ins were made since.
  const again =
    db.prepare(`UPDATE deliveries SET state = iif(address = '', 'waiting', 'pending'), next_at = ?2
    WHERE id = ?1 AND state <> 'delivered'
      AND (stream_id IS NULL OR EXISTS (SELECT 1 FROM streams st WHERE st.id = stream_id))`)
  const columns = `id, kind, logout_id AS logoutId, client_id AS clientId, sid, sub, address, state, attempts,
    next_at AS nextAt, created_at AS createdAt`
  const one = db.prepare(`SELECT ${columns} FROM deliveries WHERE id = ?`)
  const newest = 'ORDER BY created_at DESC, id DESC LIMIT ?'
  const recent = {
    pending: db.prepare(`SELECT ${columns} FROM deliveries WHERE state IN ('pending', 'waiting') ${newest}`),
    all: db.prepare(`SELECT ${columns} FROM deliveries WHERE true ${newest}`)
  }
  const attempts = db.prepare(`SELECT at, status, problem, milliseconds FROM delivery_attempts
    WHERE delivery_id = ? ORDER BY at, rowid`)
  const unattempted = db.prepare(
    "SELECT client_id AS clientId, kind FROM deliveries WHERE logout_id = ? AND state = 'pending' AND attempts = 0 AND stream_id IS NULL"
  )

  /** Attempts that are told of in one turn, and their one write. */
  let ended: { attempts: (AttemptInput & { at: number })[]; written: Promise<void> } | undefined

  function writeDown(attempt: AttemptInput & { at: number }): Promise<void> {
    if (ended) {
      ended.attempts.push(attempt)
      return ended.written
    }
    const attempts = [attempt]
    const written = writeLoosely(() => {
      ended = undefined
      for (const it of attempts) {
        addAttempt.run(it.id, it.at, it.status, it.problem, it.milliseconds)
        settle.run(it.id, it.state, 1, it.nextAt, it.heardMaybe ? 1 : 0)
      }
    })
    ended = { attempts, written }
    // A commit that cannot even begin runs no write.
    written.catch(() => {
      if (ended?.written === written) ended = undefined
    })
    return written
  }

  function claim(limits: DeliveryLimits, now: number): ClaimedDelivery[] {
    const claimed: ClaimedDelivery[] = []
    let [superseded, slow] = [0, 0]
    for (const [clientId, kind] of waysFrom(limits.after)) {
      if (claimed.length >= limits.most) break
      const way = `${clientId} ${kind}`
      if (limits.busy.has(way)) continue
      const asSlow = limits.slow?.allBut.has(way) ? undefined : limits.slow
      const share = asSlow ? Math.min(asSlow.most - slow, asSlow.perClient) : limits.perClient
      const most = Math.min(limits.most - claimed.length, share)
      if (most <= 0) continue
      // Each receiver has one stream. While that stands still, or its client may hear nothing, what it owes stays where it is.
      if (kind === 'security_event' && streamSpeaks.get(clientId) === undefined) continue
      // Behind what is superseded may be what is not, and nobody would look for it soon; without end this holds up all writes.
      for (let goOn = true; goOn; ) {
        const rows = due.all(clientId, kind, now, most)
        const live = claimThese(rows, limits, now)
        claimed.push(...live)
        superseded += rows.length - live.length
        if (asSlow) slow += live.length
        goOn = rows.length === most && live.length === 0 && superseded < limits.most
      }
    }
    return claimed
  }

  /** Claims what one application is owed, but for what is superseded. */
  function claimThese(rows: Row[], { leaseSeconds }: DeliveryLimits, now: number): ClaimedDelivery[] {
    const [first] = rows
    const client = (first && signedFor.get(String(first.clientId))) ?? unknownClient
    const claimed: ClaimedDelivery[] = []
    for (const row of rows) {
      const it = claimedOf(row, client)
      if (isSuperseded(it, now)) {
        settle.run(it.id, 'superseded', 0, now, 0)
        continue
      }
      dueAt.run(it.id, now + leaseSeconds)
      claimed.push(it)
    }
    return claimed
  }

  /** All ways to which something is owed: those after this one, then the others. */
  function* waysFrom(after = ''): Generator<[clientId: string, kind: string]> {
    // A client id may hold spaces, a kind may not.
    const start = [after.slice(0, after.lastIndexOf(' ')), after.slice(after.lastIndexOf(' ') + 1)] as const
    for (let at = nextWay(...start); at; at = nextWay(String(at.clientId), String(at.kind)))
      yield [String(at.clientId), String(at.kind)]
    for (let at = nextWay('', ''); at; at = nextWay(String(at.clientId), String(at.kind))) {
      const way: [string, string] = [String(at.clientId), String(at.kind)]
      if (way[0] > start[0] || (way[0] === start[0] && way[1] > start[1])) return
      yield way
    }
  }

  /** A security event is about what was before its own time, and says so. */
  function isSuperseded({ kind, sid, sub, clientId, createdAt }: ClaimedDelivery, now: number): boolean {
    if (sid !== null || kind === 'security_event' || kind === 'stream_notice') return false
    return signedInSince.get(now, sub, clientId, createdAt)?.found === 1
  }

  return {
    claimDeliveries: (limits, now) => writeLoosely(() => claim(limits, now)),
    recordAttempt: (attempt, now) => writeDown({ ...attempt, at: now }),
    returnDeliveries: (ids, now) => writeLoosely(() => ids.forEach(id => void dueAt.run(id, now))),
    retryDelivery: (id, now) => write(() => again.run(id, now).changes > 0),
    cancelDelivery: (id, now) => write(() => settle.run(id, 'gave_up', 0, now, 0).changes > 0),
    findDelivery: async id => {
      const row = one.get(id)
      return row && ({ ...row } as unknown as Delivery)
    },
    recentDeliveries: async (which, limit) =>
      recent[which].all(limit).map(row => ({ ...row }) as unknown as Delivery),
    listAttempts: async id => attempts.all(id).map(row => ({ ...row }) as unknown as AttemptRow),
    listUnattempted: async logoutId =>
      unattempted.all(logoutId) as unknown as Pick<Delivery, 'clientId' | 'kind'>[]
  }
}

type Row = Record<string, SQLOutputValue>

/** Whoever is gone is told as a client that said nothing of itself. */
const unknownClient = { alg: 'RS256', sealedWebhookSecret: null }

/** Field by field: a spread of what the driver returns takes longer than the query. */
function claimedOf(row: Row, { alg, sealedWebhookSecret }: Row): ClaimedDelivery {
  return {
    id: row.id,
    kind: row.kind,
    logoutId: row.logoutId,
    clientId: row.clientId,
    sid: row.sid,
    sub: row.sub,
    address: row.address,
    attempts: row.attempts,
    createdAt: row.createdAt,
    heardMaybe: row.heardMaybe === 1,
    cause: row.cause,
    streamId: row.streamId,
    event: row.event === null ? null : (JSON.parse(String(row.event)) as Json),
    alg,
    sealedWebhookSecret
  } as ClaimedDelivery
}
