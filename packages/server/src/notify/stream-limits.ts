import type { StreamStore } from '../storage/stream-store.ts'

/** Most events that a stream may owe. More than that, and its receiver is gone or too slow for good. */
const most = 1_000_000
/** How long an event waits to be fetched, in seconds. */
const keptSeconds = 7 * 86_400

/** Keeps what streams owe bounded. Returns the ids of the streams that were disabled for it. */
export function limitStreams(storage: StreamStore, now: number): Promise<string[]> {
  return storage.limitStreams({ most, keptSeconds }, now)
}
