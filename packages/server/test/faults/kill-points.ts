import type { Storage } from '../../src/storage/storage.ts'

/** Where a server is killed that does so itself. */
export const killPoints = [
  'before the commit',
  'between commit and answer',
  'between claim and send',
  'between send and record'
] as const

/** One of {@link killPoints}. */
export type KillPoint = (typeof killPoints)[number]

/** Nothing is finished, flushed or closed: the kernel ends the process in the middle of this call. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

/** A storage in whose use this process is killed at the chosen point. */
export function killedAt(point: KillPoint, storage: Storage): Storage {
  switch (point) {
    case 'before the commit':
      return { ...storage, end: die }
    case 'between commit and answer':
      return { ...storage, end: async (...given) => storage.end(...given).then(die) }
    case 'between claim and send':
      return {
        ...storage,
        claimDeliveries: async (...given) => {
          const claimed = await storage.claimDeliveries(...given)
          return claimed.length > 0 ? die() : claimed
        }
      }
    case 'between send and record':
      return { ...storage, recordAttempt: die }
  }
}
