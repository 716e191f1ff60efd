import { json, withCookies } from './answers.ts'
import { now, type Parts } from './parts.ts'
import type { RpSession } from './sessions/store.ts'

/** How long the issuer's word that a session has not ended is good for, and how long nobody asks after it said nothing; in seconds. */
const believedSeconds = 10
/** Most sessions whose last question is remembered. */
const most = 10_000

/**
 * Who is signed in at this site, as `@utgang/browser` reads it. A page asks when somebody comes back to it, so this finds out
 * what happened elsewhere, even if no Logout Token has come through: the issuer is asked, now and then.
 */
export function session(parts: Parts): (request: Request) => Promise<Response> {
  const hasEnded = newDoubt(parts)

  return async request => {
    const { settings, sessions } = parts
    const found = await sessions.live(request)
    const isOver = found !== undefined && (await hasEnded(found.session))
    if (isOver) await settings.store.endBySid(found.session.iss, found.session.sid, 'back_channel')
    if (found && !isOver) return json(200, connected(found.session))
    // One that a logout is asking about keeps its cookie: it may live again.
    const isGone = sessions.hasCookie(request) && (isOver || !(await sessions.find(request)))
    return withCookies(json(200, { status: 'notConnected', ...fresh() }), isGone ? [sessions.dropLine()] : [])
  }
}

/** It costs the browser nothing to ask its own site, so nothing is kept that could be out of date. */
const fresh = (): object => ({ cache_seconds: 0, server_time: now() })

function connected({ sub, sid, claims, expiresAt }: RpSession): object {
  const name = [claims.name, claims.preferred_username, claims.email].find(it => typeof it === 'string')
  return { status: 'connected', user_id: sub, display_name: name, sid, expires_at: expiresAt, ...fresh() }
}

/** Asks the issuer whether a sign-on session has ended, about each at most every {@link believedSeconds}. */
function newDoubt({ issuer }: Parts): (session: RpSession) => Promise<boolean> {
  const asked = new Map<string, number>()
  let quietUntil = 0
  return async ({ sid }) => {
    const at = now()
    if (at < quietUntil || at < (asked.get(sid) ?? 0) + believedSeconds) return false
    asked.delete(sid)
    asked.set(sid, at)
    const [oldest] = asked.keys()
    if (asked.size > most && oldest !== undefined) asked.delete(oldest)
    const answer = await issuer.hasEnded(sid)
    if (answer === undefined) quietUntil = now() + believedSeconds
    return answer === true
  }
}
