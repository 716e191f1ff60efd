import type { FastifyInstance } from 'fastify'
import type { Client } from '../clients/client.ts'
import type { Token, User } from '../storage/records.ts'
import type { DoorParts } from './door.ts'
import { sendContainer, sendContainerError, sendInvalidToken, tokenOf } from './platform-container.ts'

/** The platform's own API: whoever a token stands for, and one user by id. */
export function platformApi(parts: DoorParts) {
  const { storage, clients } = parts

  return async (app: FastifyInstance): Promise<void> => {
    app.get('/api/2/me', async (request, reply) => {
      const token = await tokenOf(request, parts)
      if (!token) return sendInvalidToken(reply)
      if (token.sub === null)
        return sendContainerError(request, reply, 403, 'A user token is needed; this is a server token')
      const user = await storage.findUser(token.sub)
      return user ? sendContainer(request, reply, await described(user, token)) : sendInvalidToken(reply)
    })

    app.get<{ Params: { id: string } }>('/api/2/user/:id', async (request, reply) => {
      const token = await tokenOf(request, parts)
      if (!token) return sendInvalidToken(reply)
      const { id } = request.params
      if (token.sub !== null && token.sub !== id)
        return sendContainerError(request, reply, 403, 'This token is of another user')
      const user = (await mayRead(token, id)) ? await storage.findUser(id) : undefined
      if (user?.status !== 'active') return sendContainerError(request, reply, 404, 'No such user')
      return sendContainer(request, reply, await described(user, token))
    })
  }

  /** A server token reads only users who have signed in to its client. */
  async function mayRead(token: Token, sub: string): Promise<boolean> {
    return token.sub === sub || (token.clientId !== null && storage.hasSignedInTo(sub, token.clientId))
  }

  /** What the user allowed: a user token says it itself, for a server token the consent on record does. */
  async function scopesOf(token: Token, user: User): Promise<string[]> {
    if (token.sub !== null) return (token.scope ?? '').split(' ')
    const consent = token.clientId === null ? undefined : await storage.findConsent(user.sub, token.clientId)
    return consent?.scopes ?? []
  }

  async function described(user: User, token: Token): Promise<object> {
    const client = token.clientId === null ? undefined : await clients.find(token.clientId)
    const allowed = await scopesOf(token, user)
    const sees = (scope: string): boolean => seesAll(client) || allowed.includes(scope)
    return {
      userId: user.sub,
      id: user.sub,
      status: 1,
      ...(sees('profile') ? { displayName: user.name, name: { formatted: user.name } } : {}),
      ...(sees('email') ? { email: user.email, emailVerified: user.claims.email_verified === true } : {})
    }
  }
}

/** SPiD's clients ask for no scope and see their user; whoever needs consent sees what was consented to. */
function seesAll(client: Client | undefined): boolean {
  return client?.source === 'config' && client.consent === 'skip'
}
