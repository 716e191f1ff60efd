import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { Agent, fetch } from 'undici'
import type { Fetch } from './options.ts'

/** Calls from server to server. */
export interface Outgoing {
  fetch: Fetch
  /** Lets go of open connections. */
  close(): Promise<void>
}

/**
 * The usual way out: no part of an answer is waited for longer than five seconds, or as long as is said, and `*.localhost` is this machine, as it is
 * for browsers (RFC 6761 §6.3); Node's resolver does not know.
 */
export function outgoing(longestMs: number = 5000): Outgoing {
  const dispatcher = new Agent({
    connect: { lookup: lookup as never, timeout: 5000 },
    headersTimeout: longestMs,
    bodyTimeout: longestMs,
    maxResponseSize: 1024 * 1024
  })
  return {
    fetch: (input, init) => fetch(input, { ...(init as object), dispatcher }) as unknown as Promise<Response>,
    close: () => dispatcher.destroy()
  }
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void

function lookup(host: string, options: LookupOptions, done: Found): void {
  if (host !== 'localhost' && !host.endsWith('.localhost')) dns.lookup(host, options, done as never)
  else if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}
