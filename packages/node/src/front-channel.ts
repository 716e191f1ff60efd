import { refusal, withCookies } from './answers.ts'
import type { Parts } from './parts.ts'

/** Longest `sid` that is looked for. */
const longestSid = 256

/**
 * Front-Channel Logout 1.0 §3: shown in a frame of the issuer's signed-out page. The browser sends no `SameSite=Lax` cookie
 * there, so the session is found by `sid` alone. Whoever knows a `sid` can thus end its session: it is a random text that only the
 * issuer, this application and the pages of this very browser know.
 */
export async function frontChannelLogout(parts: Parts, request: Request): Promise<Response> {
  const { settings, sessions } = parts
  const { searchParams } = new URL(request.url)
  const iss = only(searchParams, 'iss')
  const sid = only(searchParams, 'sid')
  if (!iss || !sid) return refusal(400, 'invalid_request', 'iss and sid are needed, once each')
  if (iss !== settings.issuer) return refusal(400, 'invalid_request', 'iss is another issuer')
  if (sid.length > longestSid) return refusal(400, 'invalid_request', 'sid is too long')
  // PostgreSQL has no text with a NUL in it, and the store would give up a connection over each.
  if (/\p{Cc}/u.test(sid)) return refusal(400, 'invalid_request', 'sid is no text')
  const found = await sessions.find(request)
  await settings.store.endBySid(iss, sid, 'front_channel')
  const answer = new Response('<!doctype html><title>Signed out</title>', {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; frame-ancestors ${new URL(settings.issuer).origin}`,
      'referrer-policy': 'no-referrer'
    }
  })
  return withCookies(answer, found?.session.sid === sid ? [sessions.dropLine()] : [])
}

function only(parameters: URLSearchParams, name: string): string | undefined {
  const [value, second] = parameters.getAll(name)
  return second === undefined ? value : undefined
}
