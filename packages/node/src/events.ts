import { refusal } from './answers.ts'
import { now, type Parts } from './parts.ts'
import type { RpSessionsEnded } from './sessions/store.ts'

/** The streams of this process's pages. */
export interface EventStreams {
  /** Answers a page that listens: `event: logout` with `{by}` when its RP session ends; then the stream is over. */
  answer(request: Request): Promise<Response>
  /** Tells the streams of sessions that have ended. */
  ended(ended: RpSessionsEnded): void
  /** Ends all streams; their pages come back by themselves. */
  close(): void
}

/** A sign of life, so that nobody between us and the page takes the line for dead; in milliseconds. */
const heartbeatMs = 25_000
/** Most streams of one session: a browser that has more is not a person's. */
const most = 20

interface Stream {
  send(text: string): void
  end(): void
}

/** See {@link EventStreams}. */
export function eventStreams({ settings, sessions }: Parts): EventStreams {
  const byKey = new Map<string, Set<Stream>>()

  function ended({ keys, by }: RpSessionsEnded): void {
    for (const key of keys)
      for (const stream of byKey.get(key) ?? []) {
        // Somebody signed in anew in this browser: the page comes back with the new cookie.
        if (by !== 'switched') stream.send(`event: logout\ndata: ${JSON.stringify({ by })}\n\n`)
        stream.end()
      }
  }

  function add(key: string, stream: Stream): void {
    const streams = byKey.get(key) ?? new Set()
    byKey.set(key, streams.add(stream))
  }

  function remove(key: string, stream: Stream): void {
    const streams = byKey.get(key)
    streams?.delete(stream)
    if (streams?.size === 0) byKey.delete(key)
  }

  function open(key: string, expiresAt: number): ReadableStream<Uint8Array> {
    const utf8 = new TextEncoder()
    let stop = (): void => {}
    return new ReadableStream({
      start(controller) {
        const heartbeat = setInterval(() => stream.send(':\n\n'), heartbeatMs)
        const expiry = setTimeout(() => ended({ keys: [key], by: 'expired' }), untilMs(expiresAt))
        stop = () => {
          clearInterval(heartbeat)
          clearTimeout(expiry)
          remove(key, stream)
        }
        const stream: Stream = {
          send(text) {
            // A page that reads nothing is gone.
            if ((controller.desiredSize ?? 0) < -most) stream.end()
            else controller.enqueue(utf8.encode(text))
          },
          end() {
            // One that was ended for reading nothing ends once.
            if (!byKey.get(key)?.has(stream)) return
            stop()
            controller.close()
          }
        }
        add(key, stream)
        // Pages of a server that restarts do not all come back in the same moment.
        stream.send(`retry: ${3000 + Math.floor(Math.random() * 4000)}\n\n`)
      },
      cancel: () => stop()
    })
  }

  return {
    async answer(request) {
      const site = request.headers.get('sec-fetch-site')
      if (site !== null && site !== 'same-origin')
        return refusal(403, 'forbidden', 'Only pages of this site may ask for this')
      const found = await sessions.find(request)
      if (!found) return nobody()
      if ((byKey.get(found.key)?.size ?? 0) >= most)
        return refusal(429, 'too_many_requests', 'This session has too many streams')
      const body = open(found.key, found.session.expiresAt)
      // One that ended before its stream was known would never be heard of.
      if (!(await settings.store.find(found.key))) {
        await body.cancel()
        return nobody()
      }
      return new Response(body, {
        headers: {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no'
        }
      })
    },
    ended,
    close() {
      for (const streams of [...byKey.values()]) for (const stream of [...streams]) stream.end()
    }
  }
}

/** Tells an EventSource not to come back (HTML §9.2: any status but 200). */
const nobody = (): Response => new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })

/** What a timer may wait at most: a longer one would fire at once. */
const untilMs = (instant: number): number => Math.min(Math.max(0, (instant - now()) * 1000), 2 ** 31 - 1)
