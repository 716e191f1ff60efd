import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider'
import { absoluteLimit } from '../sessions/lifetime.ts'
import type { Session } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { adapter, sessionHasEnded } from './adapter-base.ts'
import type { OpParts } from './parts.ts'
import { isFirst } from './session-names.ts'

/** What of a session only oidc-provider asks for. */
interface KeptPayload {
  acr?: string
  amr?: string[]
  iat?: number
}

/**
 * OP sessions for oidc-provider. Its map of clients is not kept here: the RPs of a session are rows of their own,
 * written with each code, and `sid` is derived. A session is never deleted by it, only ended by the heart.
 */
export function sessionAdapter({ storage, clock, config, sdkNames }: OpParts): Adapter {
  return adapter({
    async upsert(id, payload) {
      // Every request with a dead cookie would otherwise leave an empty row behind.
      if (payload.accountId === undefined || payload.uid === undefined) return
      // The provider saves once more on its way out. It has heard already, and the authorization is starting again.
      if (Provider.ctx?.state.sessionEnded === true) return
      const {
        acr,
        amr,
        iat,
        loginTs = clock.now()
      } = payload as AdapterPayload & { acr?: string; amr?: string[] }
      const remembered = payload.transient !== true
      const { lifetimes } = config
      const request = Provider.ctx?.req
      const outcome = await storage.saveSession(
        {
          uid: payload.uid,
          cookieHash: hashSecret(id),
          sub: payload.accountId,
          remembered,
          loginAt: loginTs,
          expiresAt: payload.exp ?? clock.now() + lifetimes.session_idle_seconds,
          endsAt: absoluteLimit(lifetimes, remembered, loginTs),
          payload: { acr, amr, iat } satisfies KeptPayload,
          userAgent: request?.headers['user-agent']?.slice(0, 300),
          ip: request?.askedBy?.ip,
          handleHash: hashSecret(sdkNames.handleOf(payload.uid)),
          provenUnder: provenUnder(),
          // One that another tab has begun is taken on as it was begun, and never under a cookie that it had once.
          foundUnder: (Provider.ctx?.state.sessionFoundUnder ?? (isFirst() ? hashSecret(id) : undefined)) as
            | string
            | undefined
        },
        clock.now()
      )
      if (outcome === 'ended') throw sessionHasEnded()
      if (Provider.ctx) Provider.ctx.state.sessionFoundUnder = hashSecret(id)
    },
    async find(id) {
      const session = await storage.findSessionByCookie(hashSecret(id), clock.now())
      if (session && Provider.ctx) Provider.ctx.state.sessionFoundUnder = hashSecret(id)
      return session && toPayload(session, id)
    },
    async findByUid(uid) {
      const session = await storage.findSession(uid, clock.now())
      // Only read by oidc-provider, never saved, so the cookie's value is not needed.
      return session && toPayload(session, session.uid)
    },
    async destroy() {}
  })
}

/** What the sign-in that this request brings back was proven under; see steps.ts. */
function provenUnder(): string | undefined {
  const { result } = (Provider.ctx?.oidc ?? {}) as { result?: { login?: { provenUnder?: string } } }
  return result?.login?.provenUnder
}

function toPayload(session: Session, id: string): AdapterPayload {
  return {
    ...(session.payload as KeptPayload),
    kind: 'Session',
    jti: id,
    uid: session.uid,
    accountId: session.sub,
    loginTs: session.loginAt,
    exp: session.expiresAt,
    ...(session.remembered ? {} : { transient: true })
  } as AdapterPayload
}
