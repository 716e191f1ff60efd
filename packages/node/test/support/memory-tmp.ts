import type { RpSession, RpSessionStore, RpSessionsEnded } from '../../src/sessions/store.ts'
export function memorySessions(): RpSessionStore {
  const all = new Map<string, RpSession>(),
    sids = new Set<string>(),
    subs = new Map<string, number>(),
    jtis = new Map<string, number>()
  const ls = new Set<(e: RpSessionsEnded) => void>()
  const done = (keys: string[], by: RpSessionsEnded['by']) => {
    for (const k of keys) all.delete(k)
    if (keys.length) for (const l of ls) l({ keys, by })
    return keys
  }
  const live = (s: RpSession | undefined) =>
    s && s.expiresAt > Date.now() / 1000 ? structuredClone(s) : undefined
  return {
    async create(key, s) {
      if (sids.has(s.iss + ' ' + s.sid) || (subs.get(s.iss + ' ' + s.sub) ?? -1) >= Number(s.claims.iat))
        return false
      all.set(key, structuredClone(s))
      return true
    },
    find: async key => live(all.get(key)),
    async replace(key, s) {
      if (!live(all.get(key))) return false
      all.set(key, structuredClone(s))
      return true
    },
    async end(key, by) {
      return all.has(key) && done([key], by).length > 0
    },
    async endBySid(iss, sid, by) {
      if (by !== 'front_channel') sids.add(iss + ' ' + sid)
      return done(
        [...all].filter(([, s]) => s.iss === iss && s.sid === sid).map(([k]) => k),
        by
      )
    },
    async endBySub(iss, sub, at, by) {
      subs.set(iss + ' ' + sub, at)
      return done(
        [...all]
          .filter(([, s]) => s.iss === iss && s.sub === sub && Number(s.claims.iat) <= at)
          .map(([k]) => k),
        by
      )
    },
    async takeJti(iss, jti, exp) {
      const k = iss + ' ' + jti
      if (jtis.has(k)) return false
      jtis.set(k, exp)
      return true
    },
    async returnJti(iss, jti) {
      jtis.delete(iss + ' ' + jti)
    },
    onEnded(l) {
      ls.add(l)
      return () => void ls.delete(l)
    },
    async close() {}
  }
}
