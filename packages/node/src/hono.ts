import type { MiddlewareHandler } from 'hono'
import type { Auth } from './auth.ts'
import type { RpSession } from './sessions/store.ts'

/** What {@link honoAuth} sets. */
export interface HonoAuthEnv {
  Variables: { rpSession: RpSession | undefined }
}

/** For Hono: answers the kit's addresses, and sets `rpSession` in the context for all others. What the store throws goes to `onError`. */
export function honoAuth(auth: Auth): MiddlewareHandler<HonoAuthEnv> {
  return async (c, next) => {
    const response = await auth.handle(c.req.raw)
    if (response) return response
    c.set('rpSession', await auth.session(c.req.raw))
    await next()
  }
}
