import type { Clock } from '../clock.ts'
import type { OverSession } from '../storage/records.ts'
import type { LogoutStore } from '../storage/storage.ts'
import type { CauseName } from './causes.ts'
import type { Heart } from './end.ts'

/** Ends sessions whose time is up, so that their RPs are told as of any other end. */
export interface Expiry {
  /** Looks now, besides the regular looks. */
  look(): void
  /** Waits for the look that is under way. */
  settled(): Promise<void>
  /** Finishes the batch that is running, then no more. */
  stop(): Promise<void>
}

/** How often sessions whose time is up are looked for, in milliseconds. Dead they are at once: that is judged at each read. */
const lookEveryMs = 5000
/** Sessions ended together: they share a commit, and others wait for it a few milliseconds at most. */
const batchSize = 100
/** Most batches of one look, so that nothing else has to stand back for long. */
const mostBatches = 20

const causeOf: Readonly<Record<OverSession['reached'], CauseName>> = {
  idle: 'idle_timeout',
  absolute: 'absolute_timeout'
}

/**
 * Starts to look, now and every five seconds. Any number of processes may do so on one storage: each end is one
 * transaction that judges the session again, so it happens once, and not at all where the session goes on after all.
 * Nothing is kept beside the sessions themselves: what a process that dies has not ended, the next look finds.
 * @param failed told of a look that the storage refused; the next one tries again
 */
export function endOverSessions(
  { storage, heart, clock }: { storage: LogoutStore; heart: Heart; clock: Clock },
  failed: (error: unknown) => void
): Expiry {
  let stopping = false
  let running: Promise<void> | undefined

  function look(): void {
    running ??= work()
      .catch(failed)
      .finally(() => {
        running = undefined
      })
  }

  async function work(): Promise<void> {
    for (let batch = 0; batch < mostBatches && !stopping; batch++) {
      const over = await storage.listOverSessions(batchSize, clock.now())
      const ends = over.map(({ uid, sub, reached }) =>
        heart.end({ name: causeOf[reached], sessionUid: uid, sub })
      )
      const ended = await Promise.all(ends)
      // Where another process was faster all along, it goes on by itself.
      if (over.length < batchSize || ended.every(it => it.state === 'already_ended')) return
    }
  }

  look()
  const looks = setInterval(look, lookEveryMs).unref()
  return {
    look,
    async settled() {
      await running
    },
    async stop() {
      stopping = true
      clearInterval(looks)
      await running
    }
  }
}
