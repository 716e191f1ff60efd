import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from './auth.ts'
import { answerNode } from './node-bridge.ts'
import type { RpSession } from './sessions/store.ts'

declare module 'node:http' {
  interface IncomingMessage {
    /** Who is signed in, once `@utgang/node` has looked. */
    rpSession?: RpSession | undefined
  }
}

/**
 * For a server of `node:http` without a framework: answers the kit's addresses, and sets `req.rpSession` for all others.
 * @returns resolves to whether the request has been answered; rejects with what the store throws
 */
export function nodeAuth(auth: Auth): (req: IncomingMessage, res: ServerResponse) => Promise<boolean> {
  return async (req, res) => {
    if (await answerNode(auth, req, res)) return true
    req.rpSession = await auth.session(req)
    return false
  }
}
