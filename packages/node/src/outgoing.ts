import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { TransformStream } from 'node:stream/web'
import { Agent, Response as Answer, fetch } from 'undici'
import type { Fetch } from './options.ts'

/** Calls from server to server. */
export interface Outgoing {
  fetch: Fetch
  /** Lets go of open connections. */
  close(): Promise<void>
}

/** Most of one answer, in bytes, as it comes and when it has been unpacked. */
const mostBytes = 1024 * 1024

/**
 * The usual way out: no part of an answer is waited for longer than five seconds, or as long as is said, and `*.localhost` is this machine, as it is
 * for browsers (RFC 6761 §6.3); Node's resolver does not know.
 */
export function outgoing(longestMs: number = 5000): Outgoing {
  const dispatcher = new Agent({
    connect: { lookup: lookup as never, timeout: 5000 },
    headersTimeout: longestMs,
    bodyTimeout: longestMs,
    maxResponseSize: mostBytes
  })
  return {
    fetch: async (input, init) =>
      unpacked(await fetch(input, { ...(init as object), dispatcher })) as unknown as Response,
    close: () => dispatcher.destroy()
  }
}

/** An answer whose body fails where it unpacks to too much: what came was small, a few hundred bytes can be gigabytes. */
function unpacked(answer: Answer): Answer {
  if (!answer.body || !answer.headers.has('content-encoding')) return answer
  let left = mostBytes
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      left -= part.length
      if (left >= 0) controller.enqueue(part)
      else controller.error(new Error(`the answer unpacks to more than ${mostBytes} bytes`))
    }
  })
  return new Answer(answer.body.pipeThrough(counting), answer)
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void

function lookup(host: string, options: LookupOptions, done: Found): void {
  if (host !== 'localhost' && !host.endsWith('.localhost')) dns.lookup(host, options, done as never)
  else if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}
