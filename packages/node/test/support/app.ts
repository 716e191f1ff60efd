import { createHash } from 'node:crypto'
import {
  type Auth,
  type AuthOptions,
  createAuth,
  memorySessions,
  type RpSession,
  type RpSessionStore
} from '../../src/index.ts'
import { outgoing } from '../../src/outgoing.ts'
import { openIssuer, registration, secretOf, type TestIssuer } from './issuer.ts'
import { newPerson, type Person } from './person.ts'
import { nodeSite, openSite } from './sites.ts'

/** One application with the kit, and its real sign-in server. */
export interface App {
  origin: string
  issuer: TestIssuer
  auth: Auth
  store: RpSessionStore
  /** What the kit reported to `on_error`. */
  errors: unknown[]
  /** Paths that the kit has asked the issuer for. */
  asked: string[]
  /** What is done before a path of the issuer is asked for; throws to put it out of reach. */
  before: Map<string, () => Promise<void> | void>
  /** What is done after an answer of it. */
  after: Map<string, () => Promise<void> | void>
  person: Person
  /** Who is signed in for the application's own pages. */
  me(person?: Person): Promise<unknown>
  /** The person's session in the store, with its key. */
  entry(): Promise<[string, RpSession]>
  /** Another process of the same application, on the same store; it listens nowhere. @param more options that differ */
  another(more?: Partial<AuthOptions>): Auth
  close(): Promise<void>
}

export const endSession = '/oauth/end_session'

/** In the place of an answer: nobody is there. */
export const unreachable = (): never => {
  throw new TypeError('fetch failed')
}

/**
 * Starts both.
 * @param given options besides the usual
 * @param client metadata of the client besides the usual
 * @param config of the issuer besides the usual
 */
export async function openApp(
  given: Partial<AuthOptions> | ((issuer: TestIssuer) => Partial<AuthOptions>) = {},
  client: object = {},
  config: object = {}
): Promise<App> {
  const site = await openSite()
  const origin = `http://site.localhost:${site.port}`
  const issuer = await openIssuer([registration('site', origin, client)], config)
  const options = typeof given === 'function' ? given(issuer) : given
  const out = outgoing()
  const store = options.sessions ?? memorySessions()
  const person = newPerson()
  const open = (more: Partial<AuthOptions> = {}): Auth =>
    createAuth({
      issuer: issuer.issuer,
      client_id: 'site',
      client_secret: secretOf('site'),
      origin,
      allow_http: true,
      on_error: error => void app.errors.push(error),
      async fetch(input, init) {
        const { pathname } = new URL(input)
        app.asked.push(pathname)
        await app.before.get(pathname)?.()
        const answer = await out.fetch(input, init)
        await app.after.get(pathname)?.()
        return answer
      },
      ...options,
      ...more,
      sessions: store
    })
  const auth = open()
  const others: Auth[] = []
  site.use(nodeSite(auth))
  const app: App = {
    origin,
    issuer,
    auth,
    store,
    errors: [],
    asked: [],
    before: new Map(),
    after: new Map(),
    person,
    me: async (who = person) => (await who.ask(`${origin}/me`)).json().sub,
    async entry() {
      const cookie = person.cookies(origin).get('utgang-rp') ?? ''
      const key = createHash('sha256').update(cookie).digest('base64url')
      const session = await store.find(key)
      if (!session) throw new Error('no session')
      return [key, session]
    },
    another(more) {
      const auth = open(more)
      others.push(auth)
      return auth
    },
    async close() {
      for (const it of [auth, ...others]) await it.close()
      await site.close()
      await issuer.close()
      await out.close()
    }
  }
  return app
}
