import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { Agent, fetch } from 'undici'

/** `fetch` for calls from server to server, and what ends it. */
export interface Outgoing {
  fetch: typeof fetch
  close(): Promise<void>
}

/**
 * Calls that reach `*.localhost`. Browsers take these names to this machine by themselves (RFC 6761 §6.3), Node's
 * resolver does not. Of all of this file, an application with a real address needs nothing.
 */
export function outgoing(): Outgoing {
  const dispatcher = new Agent({
    connect: { lookup: lookup as never },
    headersTimeout: 5000,
    bodyTimeout: 5000
  })
  return {
    fetch: (input, init) => fetch(input, { ...init, dispatcher }),
    close: () => dispatcher.close()
  }
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void

function lookup(host: string, options: LookupOptions, done: Found): void {
  if (host !== 'localhost' && !host.endsWith('.localhost')) dns.lookup(host, options, done as never)
  else if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}
