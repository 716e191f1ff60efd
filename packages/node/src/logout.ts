import { json, page, redirect, refusal, withCookies } from './answers.ts'
import { AuthError } from './auth-error.ts'
import { refuseOthers } from './own-pages.ts'
import { now, type Parts } from './parts.ts'
import { mediaType } from './request-body.ts'
import type { Found } from './rp-sessions.ts'

/** What came of a logout: a receipt if the issuer gave one, or why nothing has ended. */
type Outcome = { receipt: string | null } | AuthError | 'no_session'

/**
 * Ends the RP session, then the sign-on session. Asked by a script of this site (JSON) or by a form of it, which is answered with
 * a redirect to `after_logout`. If the issuer cannot be reached (502), the RP session is as it was, for two reasons: a person who is
 * told "signed out" would be signed in again by the sign-on session with the next click; and only this session knows the `sid` with
 * which the next attempt can end that one.
 */
export function logout(parts: Parts): (request: Request) => Promise<Response> {
  const underWay = new Map<string, Promise<Outcome>>()

  /** A second click while one is under way is the same logout. */
  function once(found: Found): Promise<Outcome> {
    const { key } = found
    const ending = underWay.get(key) ?? end(parts, found).finally(() => void underWay.delete(key))
    underWay.set(key, ending)
    return ending
  }

  return async request => {
    const { settings, sessions } = parts
    const refused = refuseOthers(request, settings.origin)
    if (refused) return refused
    const type = mediaType(request)
    const isForm = type === 'application/x-www-form-urlencoded'
    if (!isForm && type !== 'application/json')
      return refusal(415, 'invalid_request', 'Send application/json, or a form')
    const found = await sessions.find(request)
    const outcome = found ? await once(found) : 'no_session'
    if (outcome instanceof AuthError) {
      settings.onError(outcome)
      return isForm ? notEndedPage(parts) : notEnded(outcome)
    }
    const answer = isForm
      ? redirect(settings.origin + settings.afterLogout)
      : json(200, outcome === 'no_session' ? { ended: false } : { ended: true, receipt: outcome.receipt })
    // What the site kept in the browser of the person goes too.
    if (found) answer.headers.set('clear-site-data', '"cache", "storage"')
    return sessions.hasCookie(request) ? withCookies(answer, [sessions.dropLine()]) : answer
  }
}

async function end({ settings: { store }, issuer }: Parts, { key, session }: Found): Promise<Outcome> {
  // From here on nobody is signed in by it, in no process.
  if (!(await store.replace(key, { ...session, endingAt: now() }))) return 'no_session'
  let receipt: string | null
  try {
    receipt = await issuer.endSession(session.sid)
  } catch (error) {
    await restore()
    if (error instanceof AuthError) return error
    throw error
  }
  // By its sid: what another tab signed in meanwhile by the session that has just ended goes with it.
  await store.endBySid(session.iss, session.sid, 'logout')
  return { receipt }

  async function restore(): Promise<void> {
    const found = await store.find(key)
    if (!found) return
    const { endingAt: _, ...asItWas } = found
    await store.replace(key, asItWas)
  }
}

const notEnded = ({ code }: AuthError): Response =>
  code === 'issuer_refused'
    ? refusal(502, 'sign_in_server_refused', 'The sign-in server refused, so nothing has ended')
    : refusal(
        502,
        'sign_in_server_unreachable',
        'The sign-in server could not be reached, so nothing has ended'
      )

const notEndedPage = ({ settings: { afterLogout } }: Parts): Response =>
  page(502, {
    title: 'You are still signed in',
    text: 'The sign-in server could not be reached, so nothing has ended. Go back and try again.',
    code: 'sign_in_server_unreachable',
    links: [{ to: afterLogout, label: 'Go back' }]
  })
