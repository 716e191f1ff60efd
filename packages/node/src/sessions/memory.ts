import { newListeners } from './listeners.ts'
import { beganAt, now, rememberSeconds, tickMs } from './rules.ts'
import type { RpSession, RpSessionStore, RpSessionsEnded } from './store.ts'

/**
 * RP sessions in the memory of this process: for development, and for an application of one process that may sign everybody out
 * when it starts anew. Its timer keeps no process running.
 */
export function memorySessions(): RpSessionStore {
  const sessions = new Map<string, RpSession>()
  const bySid = newIndex()
  const bySub = newIndex()
  const endedSids = newExpiring<true>()
  const endedSubs = newExpiring<number>()
  const jtis = newExpiring<true>()
  const listeners = newListeners()
  const timer = setInterval(sweep, tickMs).unref()

  function live(key: string): RpSession | undefined {
    const session = sessions.get(key)
    return session && session.expiresAt > now() ? session : undefined
  }

  function remove(keys: string[], by: RpSessionsEnded['by']): string[] {
    for (const key of keys) {
      const session = sessions.get(key)
      if (!session) continue
      sessions.delete(key)
      bySid.delete(pair(session.iss, session.sid), key)
      bySub.delete(pair(session.iss, session.sub), key)
    }
    listeners.tell({ keys, by })
    return keys
  }

  function sweep(): void {
    const expired = [...sessions].filter(([, { expiresAt }]) => expiresAt <= now())
    remove(
      expired.map(([key]) => key),
      'expired'
    )
    for (const it of [endedSids, endedSubs, jtis]) it.sweep()
  }

  return {
    async create(key, session) {
      const { iss, sid, sub } = session
      if (endedSids.get(pair(iss, sid))) return false
      if ((endedSubs.get(pair(iss, sub)) ?? -1) >= beganAt(session)) return false
      sessions.set(key, structuredClone(session))
      bySid.add(pair(iss, sid), key)
      bySub.add(pair(iss, sub), key)
      return true
    },
    find: async key => structuredClone(live(key)),
    async replace(key, session) {
      if (!live(key)) return false
      sessions.set(key, structuredClone(session))
      return true
    },
    end: async (key, by) => live(key) !== undefined && remove([key], by).length > 0,
    async endBySid(iss, sid, by) {
      if (by !== 'front_channel') endedSids.set(pair(iss, sid), true, now() + rememberSeconds)
      return remove(bySid.get(pair(iss, sid)).filter(live), by)
    },
    async endBySub(iss, sub, endedAt, by) {
      const name = pair(iss, sub)
      endedSubs.set(name, Math.max(endedAt, endedSubs.get(name) ?? 0), now() + rememberSeconds)
      const began = (key: string): boolean => {
        const session = live(key)
        return session !== undefined && beganAt(session) <= endedAt
      }
      return remove(bySub.get(name).filter(began), by)
    },
    async takeJti(iss, jti, expiresAt) {
      if (jtis.get(pair(iss, jti))) return false
      jtis.set(pair(iss, jti), true, expiresAt)
      return true
    },
    returnJti: async (iss, jti) => jtis.delete(pair(iss, jti)),
    onEnded: listeners.add,
    async close() {
      clearInterval(timer)
      listeners.clear()
    }
  }
}

const pair = (iss: string, id: string): string => JSON.stringify([iss, id])

/** The keys of sessions by something that they share. */
function newIndex() {
  const all = new Map<string, Set<string>>()
  return {
    get: (name: string): string[] => [...(all.get(name) ?? [])],
    add: (name: string, key: string): void => void all.set(name, (all.get(name) ?? new Set()).add(key)),
    delete(name: string, key: string): void {
      const keys = all.get(name)
      keys?.delete(key)
      if (keys?.size === 0) all.delete(name)
    }
  }
}

/** What is remembered until an instant in UTC seconds. */
function newExpiring<T>() {
  const all = new Map<string, { value: T; until: number }>()
  return {
    get(name: string): T | undefined {
      const found = all.get(name)
      return found && found.until > now() ? found.value : undefined
    },
    set: (name: string, value: T, until: number): void => void all.set(name, { value, until }),
    delete: (name: string): void => void all.delete(name),
    sweep(): void {
      for (const [name, { until }] of all) if (until <= now()) all.delete(name)
    }
  }
}
