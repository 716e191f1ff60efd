import type { Clock } from '../clock.ts'
import type { EndOrder } from '../storage/records.ts'
import type { LogoutStore } from '../storage/storage.ts'

/** Most rows that one batch ends, so that a large user or client never holds the writer for long. */
const batchSize = 200

/** Writes down, in the background, what whole-user, whole-client and whole-system logouts have ended. */
export interface JobRunner {
  /** Looks for work now; not after a logout that left none. */
  wake(after?: Pick<EndOrder, 'epoch'>): void
  /** Waits until no job is open. */
  settled(): Promise<void>
  /** Finishes the batch that is running, then no more. */
  stop(): Promise<void>
}

/** How long after a failed batch the next is tried, in milliseconds. */
const retryMs = 1000

/** How often the jobs of processes that died are looked for, in milliseconds. */
const lookEveryMs = 10_000

/**
 * Starts the runner. It works whenever it is woken, once at the start and every ten seconds, so that a job left by a
 * process that died is carried on by any other.
 * @param failed told of a batch that the storage refused; it is tried again a second later
 */
export function runJobs(storage: LogoutStore, clock: Clock, failed: (error: unknown) => void): JobRunner {
  let stopping = false
  let running: Promise<void> | undefined
  let wokenAgain = false
  let retry: NodeJS.Timeout | undefined

  function wake(after?: Pick<EndOrder, 'epoch'>): void {
    if (stopping || (after && !after.epoch)) return
    wokenAgain = true
    running ??= work().finally(() => {
      running = undefined
      // A logout of the very commit that found nothing more to do: its job came after that look.
      if (wokenAgain) wake()
    })
  }

  async function work(): Promise<void> {
    while (wokenAgain && !stopping) {
      wokenAgain = false
      try {
        while (!stopping && (await storage.runJob(batchSize, clock.now())) === 'worked');
      } catch (error) {
        failed(error)
        clearTimeout(retry)
        retry = setTimeout(wake, retryMs).unref()
      }
    }
  }

  wake()
  const look = setInterval(wake, lookEveryMs).unref()
  return {
    wake,
    async settled() {
      while (running) await running
    },
    async stop() {
      stopping = true
      clearInterval(look)
      clearTimeout(retry)
      await running
    }
  }
}
