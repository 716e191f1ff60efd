import type { FastifyReply, FastifyRequest } from 'fastify'
import * as openid from 'openid-client'
import { startSignIn } from './login.ts'
import { readReceipt } from './receipt.ts'
import type { RpSession } from './rp-session.ts'
import type { SiteParts } from './site-parts.ts'

/**
 * How long the newspaper believes that a visitor is still signed on, in milliseconds. Short, to be seen in a demo: each
 * question is a redirect there and back, so a real site would ask about once a minute.
 */
const believedForMs = 3000

/**
 * Before a page is shown: does the sign-in server have to be asked? Then sends the browser there without any page
 * (`prompt=none`) and returns true.
 *
 * - A visitor who is not signed in here may be signed on at the other site: asked once, then not again for a moment.
 * - A visitor who is signed in here may have signed out elsewhere. The marketplace's tokens end with the session, so
 *   asking about its own token, from server to server, tells at once. The newspaper's tokens outlive the session, so
 *   they tell nothing, and it asks through the browser instead, now and then.
 */
export async function askAgainFirst(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<boolean> {
  if (!isNavigation(request)) return false
  const session = parts.sessions.live(request)
  if (!(session ? await isDoubtful(parts, session) : mayBeSignedOn(parts, request))) return false
  if (!session) parts.tried.stayOut(reply, 'for_a_moment')
  await startSignIn(parts, request, reply, { backTo: request.url, silent: true })
  return true
}

/**
 * The same question without the browser, where no redirect can be: has the sign-on session ended that this login came
 * from? A receipt says yes, and that there is none says no. `undefined`: the sign-in server did not answer.
 */
export async function signOnHasEnded(
  { server }: SiteParts,
  { sid }: RpSession
): Promise<boolean | undefined> {
  try {
    return (await readReceipt(server, { sid })) !== undefined
  } catch {
    return undefined
  }
}

async function isDoubtful({ site, server }: SiteParts, session: RpSession): Promise<boolean> {
  if (site.check === 'silent_sign_in') return Date.now() - session.vouchedAt > believedForMs
  try {
    const { active } = await openid.tokenIntrospection(server.openid, session.accessToken)
    // A dead token may also have expired. The question through the browser tells the two apart.
    return !active
  } catch {
    // A sign-in server that cannot be reached signs nobody out of a marketplace. A bank would choose otherwise.
    return false
  }
}

function mayBeSignedOn({ tried }: SiteParts, request: FastifyRequest): boolean {
  return !tried.isThere(request) && (request.query as { sso?: string }).sso !== 'off'
}

/** A person opens a page. Crawlers and tools get the page at once; so do browsers that fetch ahead of a click. */
function isNavigation({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-dest'] === 'document' && headers['sec-purpose'] === undefined
}
