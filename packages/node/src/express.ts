import type { RequestHandler } from 'express'
import type { Auth } from './auth.ts'
import { nodeAuth } from './http.ts'

/**
 * For Express 5 (and 4): answers the kit's addresses, and sets `req.rpSession` for all others. It may stand before or after what
 * parses bodies. What the store throws goes to `next`.
 */
export function expressAuth(auth: Auth): RequestHandler {
  const handle = nodeAuth(auth)
  return (req, res, next) => {
    handle(req, res).then(isAnswered => isAnswered || next(), next)
  }
}
