import { randomUUIDv7 } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { OwedEvent, Stream, StreamEvent, StreamInput, StreamStore } from '../stream-store.ts'
import type { Write } from './group-commit.ts'
import { nextSeq } from './stream-events.ts'
import { streamQueue } from './stream-queue.ts'

/** No user has this sub. */
const nobody = ''

/** {@link StreamStore} on SQLite. */
export function sqliteStreams(db: DatabaseSync, write: Write): StreamStore {
  const columns = `id, client_id AS clientId, method, endpoint_url AS endpointUrl, sealed_header AS sealedHeader,
    events_requested AS eventsRequested, description, hears_ends AS hearsEnds, status, reason`
  const add =
    db.prepare(`INSERT INTO streams (id, client_id, method, endpoint_url, sealed_header, events_requested,
    hears_ends, description, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_id) DO NOTHING`)
  const save = db.prepare(`UPDATE streams SET method = ?3, endpoint_url = ?4, sealed_header = ?5,
    events_requested = ?6, hears_ends = ?7, description = ?8 WHERE id = ?1 AND client_id = ?2`)
  const byId = db.prepare(`SELECT ${columns} FROM streams WHERE id = ?`)
  const byClient = db.prepare(`SELECT ${columns} FROM streams WHERE client_id = ?`)
  const drop = db.prepare('DELETE FROM streams WHERE id = ?')
  const setStatus = db.prepare('UPDATE streams SET status = ?, reason = ? WHERE id = ?')
  const takeBack = db.prepare('DELETE FROM stream_removals WHERE stream_id = ? AND sub = ?')
  const takeAllBack = db.prepare('DELETE FROM stream_removals WHERE stream_id = ?')
  const leaveOut = db.prepare(`INSERT INTO stream_removals (stream_id, sub)
    SELECT id, ?2 FROM streams WHERE id = ?1 ON CONFLICT DO NOTHING`)
  const verify = db.prepare('UPDATE streams SET verified_at = ?2 WHERE id = ?1')
  const lastVerified = db.prepare('SELECT verified_at AS at, status FROM streams WHERE id = ?')
  const notice =
    db.prepare(`INSERT INTO deliveries (id, kind, logout_id, client_id, address, state, next_at, created_at,
      stream_id, event, seq)
    SELECT lower(hex(randomblob(16))), ?3, ?4, client_id, ifnull(endpoint_url, ''),
      iif(method = 'push', 'pending', 'waiting'), ?1, ?1, id, ?5, ${nextSeq} FROM streams st WHERE id = ?2`)
  const queue = streamQueue(db, write)

  function say(id: string, event: StreamEvent, now: number): void {
    // A stream that stands still says nothing, but that it does.
    const kind = event.type === 'verification' ? 'security_event' : 'stream_notice'
    notice.run(now, id, kind, randomUUIDv7(), JSON.stringify(event))
  }

  const setStreamStatus: StreamStore['setStreamStatus'] = async (id, { status, reason, tell }, now) => {
    // What a disabled stream let go of must not come back with it, also where that was interrupted.
    if (toStream(byId.get(id))?.status === 'disabled') await queue.letGo(id)
    await write(() => {
      setStatus.run(status, reason, id)
      if (tell) say(id, { type: 'stream-updated', status, ...(reason === null ? {} : { reason }) }, now)
    })
    if (status === 'disabled') await queue.letGo(id)
  }

  return {
    addStream: (it, now) =>
      write(() => {
        const { method, endpointUrl, sealedHeader, description } = it
        const decided = [method, endpointUrl, sealedHeader, requested(it), it.hearsEnds ? 1 : 0, description]
        return add.run(it.id, it.clientId, ...decided, now).changes > 0 ? 'added' : 'exists'
      }),
    saveStream: async it => {
      const { id, clientId, method, endpointUrl, sealedHeader, description } = it
      const decided = [method, endpointUrl, sealedHeader, requested(it), it.hearsEnds ? 1 : 0, description]
      const saved = await write(() => save.run(id, clientId, ...decided).changes > 0)
      if (saved) await queue.readdress(id, method === 'push' ? (endpointUrl ?? '') : '')
      return saved
    },
    findStream: async id => toStream(byId.get(id)),
    streamOf: async clientId => toStream(byClient.get(clientId)),
    dropStream: async id => {
      const dropped = await write(() => {
        takeAllBack.run(id)
        return drop.run(id).changes > 0
      })
      if (dropped) await queue.letGoWhole(id)
      return dropped
    },
    setStreamStatus,
    setStreamSubject: (id, sub, wanted) =>
      write(() => {
        // A row that comes and goes: without a change SQLite would have nothing to commit.
        leaveOut.run(id, nobody)
        takeBack.run(id, nobody)
        if (sub !== undefined) (wanted ? takeBack : leaveOut).run(id, sub)
      }),
    queueVerification: (id, state, minSeconds, now) =>
      write(() => {
        const last = lastVerified.get(id)
        const wait = last?.at == null ? 0 : Number(last.at) + minSeconds - now
        if (wait > 0) return { queued: false, retryAfterSeconds: wait }
        verify.run(id, now)
        if (last?.status !== 'disabled')
          say(id, { type: 'verification', ...(state === undefined ? {} : { state }) }, now)
        return { queued: true }
      }),
    waitingEvents: async (id, most) => {
      const stream = toStream(byId.get(id))
      const found = queue.waiting(id, stream?.status === 'enabled', most + 1)
      return { events: found.slice(0, most) as OwedEvent[], more: found.length > most }
    },
    settleEvents: (id, settled, now) => write(() => queue.settle(id, settled, now)),
    limitStreams: async (limits, now) => {
      await queue.giveUpBefore(now - limits.keptSeconds)
      const full = queue.longerThan(limits.most)
      const reason = 'too many events were waiting'
      for (const id of full) await setStreamStatus(id, { status: 'disabled', reason, tell: true }, now)
      return full
    }
  }
}

const requested = ({ eventsRequested }: StreamInput): string | null =>
  eventsRequested === null ? null : JSON.stringify(eventsRequested)

function toStream(row: Record<string, unknown> | undefined): Stream | undefined {
  if (!row) return undefined
  const eventsRequested = row.eventsRequested === null ? null : JSON.parse(String(row.eventsRequested))
  return { ...row, eventsRequested, hearsEnds: row.hearsEnds === 1 } as unknown as Stream
}
