import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Auth } from './auth.ts'
import { toRequest } from './node-bridge.ts'
import type { RpSession } from './sessions/store.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in. */
    rpSession: RpSession | undefined
  }
}

/** For Fastify 5: answers the kit's addresses, and sets `request.rpSession` for all others. What the store throws is an error of the request. */
export const fastifyAuth: FastifyPluginAsync<{ auth: Auth }> = async (app, { auth }) => {
  app.decorateRequest('rpSession', undefined)
  app.addHook('onRequest', async request => {
    request.rpSession = await auth.session(request)
  })
  app.register(addresses, { auth })
}

// The session is for the whole application, not for this plugin alone.
Object.assign(fastifyAuth, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'utgang'
})

/** In a scope of its own, where nobody parses bodies: the kit reads them itself. */
async function addresses(app: FastifyInstance, { auth }: { auth: Auth }): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.all(`${auth.basePath}/*`, async (request, reply) => {
    const web = toRequest(auth, request.raw)
    const response = web && (await auth.handle(web))
    return response ? reply.send(response) : reply.callNotFound()
  })
}
