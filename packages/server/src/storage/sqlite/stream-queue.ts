import type { DatabaseSync } from 'node:sqlite'
import type { OwedEvent } from '../stream-store.ts'
import type { Write } from './group-commit.ts'

/** Most rows that one write moves, so that others wait a few milliseconds at most. */
const batchSize = 500

/** What streams owe: rows of `deliveries`, `pending` where they are pushed and `waiting` where they are polled. */
export interface StreamQueue {
  /** Gives up all that a stream owes, but what it says of itself while it stands still. */
  letGo(id: string): Promise<void>
  /** Gives up that, too. */
  letGoWhole(id: string): Promise<void>
  /** Sends what a stream owes to another address; to none where it is polled. */
  readdress(id: string, address: string): Promise<void>
  /** Gives up what nobody fetched since, and what a push was held back from. */
  giveUpBefore(instant: number): Promise<void>
  /** What waits to be fetched, oldest first; with `all` false only what the stream says of itself. */
  waiting(id: string, all: boolean, most: number): OwedEvent[]
  /** Inside a write: see {@link StreamStore.settleEvents}. */
  settle(
    id: string,
    settled: { taken: readonly string[]; failed: readonly { id: string; problem: string }[] },
    now: number
  ): void
  /** Enabled and paused streams that owe more than so many. */
  longerThan(most: number): string[]
}

/** {@link StreamQueue} on SQLite. */
export function streamQueue(db: DatabaseSync, write: Write): StreamQueue {
  const owed = "stream_id = ?1 AND state IN ('pending', 'waiting')"
  const lettingGo = (kinds: string) =>
    db.prepare(`UPDATE deliveries SET state = 'gave_up' WHERE id IN
      (SELECT id FROM deliveries WHERE ${owed} ${kinds} LIMIT ${batchSize})`)
  const letGo = lettingGo("AND kind = 'security_event'")
  const letGoWhole = lettingGo('')
  const readdress = db.prepare(`UPDATE deliveries SET address = ?2, state = iif(?2 = '', 'waiting', 'pending')
    WHERE id IN (SELECT id FROM deliveries WHERE ${owed} AND address <> ?2 LIMIT ${batchSize})`)
  const streams = db.prepare('SELECT id, status FROM streams')
  const oldest = db.prepare(`SELECT id, created_at AS createdAt FROM deliveries
    WHERE stream_id = ? AND state = ? ORDER BY seq LIMIT ${batchSize}`)
  const giveUp = db.prepare("UPDATE deliveries SET state = 'gave_up' WHERE id = ?")
  const waitingOf = (index: string, kinds: string) =>
    db.prepare(`SELECT d.id, d.logout_id AS logoutId, d.client_id AS clientId, d.stream_id AS streamId,
      d.sub, d.sid, d.created_at AS createdAt, l.cause, d.event
    FROM deliveries d INDEXED BY ${index} LEFT JOIN logouts l ON l.id = d.logout_id
    WHERE d.stream_id = ?1 AND d.state = 'waiting' ${kinds} ORDER BY d.seq LIMIT ?2`)
  const waiting = waitingOf('deliveries_of_stream', '')
  // Two statements: what is said is found straight, however much is held.
  const said = waitingOf('deliveries_stream_notices', "AND d.kind = 'stream_notice'")
  const settle = db.prepare(
    "UPDATE deliveries SET state = ?3, attempts = attempts + 1 WHERE id = ?2 AND stream_id = ?1 AND state = 'waiting'"
  )
  const addAttempt = db.prepare(
    'INSERT INTO delivery_attempts (delivery_id, at, problem, milliseconds) VALUES (?, ?, ?, 0)'
  )
  const count = db.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM deliveries WHERE ${owed} LIMIT ?2)`)

  async function inBatches(batch: () => number | bigint): Promise<void> {
    while ((await write(batch)) === batchSize);
  }

  /** They lie in the order of time, so the oldest say whether any is old enough: nobody waits while a million are read. */
  function giveUpOldest(stream: string, state: string, instant: number): number {
    const old = oldest.all(stream, state).filter(it => Number(it.createdAt) <= instant)
    for (const { id } of old) giveUp.run(id as string)
    return old.length
  }

  return {
    letGo: id => inBatches(() => letGo.run(id).changes),
    letGoWhole: id => inBatches(() => letGoWhole.run(id).changes),
    readdress: (id, address) => inBatches(() => readdress.run(id, address).changes),
    async giveUpBefore(instant) {
      for (const { id } of streams.all())
        for (const state of ['pending', 'waiting'])
          await inBatches(() => giveUpOldest(String(id), state, instant))
    },
    waiting: (id, all, most) =>
      (all ? waiting : said).all(id, most).map(row => {
        const event = row.event === null ? null : JSON.parse(String(row.event))
        return { ...row, event } as unknown as OwedEvent
      }),
    settle(id, { taken, failed }, now) {
      for (const event of taken) settle.run(id, event, 'delivered')
      for (const { id: event, problem } of failed)
        if (settle.run(id, event, 'refused').changes > 0) addAttempt.run(event, now, problem)
    },
    longerThan: most =>
      streams
        .all()
        .filter(it => it.status !== 'disabled' && Number(count.get(String(it.id), most + 1)?.n) > most)
        .map(it => String(it.id))
  }
}
