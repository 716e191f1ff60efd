import type { JWTVerifyGetKey } from 'jose'
import type { Fetch } from '../options.ts'
import { timeoutMs } from './issuer-metadata.ts'
import { readStatusList, type StatusList } from './status-list.ts'

interface Kept {
  list: StatusList
  /** When it was asked for, by our own clock: a list from a clock that is ahead of ours is not kept for longer. */
  askedAt: number
}

/** What status lists are fetched and checked with. */
export interface StatusListSource {
  fetch: Fetch
  keys(): Promise<JWTVerifyGetKey>
  algorithms: string[]
  maxStalenessSeconds: number
  now: () => number
  onError: (error: unknown) => void
}

/** Most lists that are kept. Sixty-five thousand tokens are in each. */
const most = 100

/** How long nobody asks again after a failure, in seconds. */
const pauseSeconds = 1

/**
 * The newest status list that can be had: one is gone by for its `ttl`, then a new one is fetched, once for however many
 * requests need it. Where that fails, the last one serves until it is `maxStalenessSeconds` old.
 * @returns `undefined` when there is none, or none so new
 */
export function statusLists(source: StatusListSource): (uri: string) => Promise<StatusList | undefined> {
  const { now, maxStalenessSeconds } = source
  const lists = new Map<string, Kept>()
  const underWay = new Map<string, Promise<void>>()
  const failedAt = new Map<string, number>()

  const ageOf = ({ list, askedAt }: Kept): number => now() - Math.min(list.asOf, askedAt)

  const isUsable = (kept: Kept): boolean =>
    ageOf(kept) <= maxStalenessSeconds && now() >= kept.askedAt - 1 && kept.list.expiresAt > now()

  const isNew = (kept: Kept): boolean => isUsable(kept) && ageOf(kept) < kept.list.ttlSeconds

  async function refresh(uri: string): Promise<void> {
    const askedAt = now()
    try {
      const list = await fetchList(uri, source)
      const before = lists.get(uri)
      // Of two that overtake each other the newer one counts.
      if (before && before.list.asOf > list.asOf && isUsable(before)) return
      lists.delete(uri)
      lists.set(uri, { list, askedAt })
      failedAt.delete(uri)
      const [oldest] = lists.keys()
      if (lists.size > most && oldest !== undefined) lists.delete(oldest)
    } catch (error) {
      failedAt.delete(uri)
      failedAt.set(uri, now())
      const [first] = failedAt.keys()
      if (failedAt.size > most && first !== undefined) failedAt.delete(first)
      source.onError(error)
    } finally {
      underWay.delete(uri)
    }
  }

  return async uri => {
    const kept = lists.get(uri)
    if (kept && isNew(kept)) return kept.list
    const pausedSince = failedAt.get(uri)
    if (pausedSince === undefined || now() - pausedSince >= pauseSeconds || now() < pausedSince) {
      const refreshing = underWay.get(uri) ?? refresh(uri)
      underWay.set(uri, refreshing)
      await refreshing
    }
    const best = lists.get(uri)
    return best && isUsable(best) ? best.list : undefined
  }
}

async function fetchList(
  uri: string,
  { fetch, keys, algorithms, now }: StatusListSource
): Promise<StatusList> {
  const answer = await fetch(uri, {
    headers: { accept: 'application/statuslist+jwt' },
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'manual'
  })
  if (answer.status !== 200) {
    await answer.body?.cancel()
    throw new Error(`the status list ${uri} was answered with ${answer.status}`)
  }
  return readStatusList(await answer.text(), await keys(), { uri, algorithms, now: now() })
}
