import { freePort } from '../../../browser/test/support/listen.ts'
import { openSystem, type TestSystem } from '../../../server/test/support/system.ts'

/** A real sign-in server. */
export interface TestIssuer extends TestSystem {
  issuer: string
  /** Ends every session of a person, as from another browser. */
  endAllOf(sub: string): Promise<void>
  /** The number of live sign-on sessions. */
  live(): Promise<number>
}

export const password = 'correct horse battery staple'

const users = ['ola', 'kari'].map(it => ({
  sub: `u-${it}`,
  email: `${it}@example.test`,
  name: `${it} Nordmann`,
  password
}))

/** The secret of each client here. */
export const secretOf = (clientId: string): string => `${clientId}-secret-of-the-tests`

/** What the server has to know of a site with the kit. */
export const registration = (client_id: string, origin: string, more: object = {}): object => ({
  client_id,
  client_secret: secretOf(client_id),
  redirect_uris: [`${origin}/auth/callback`],
  backchannel_logout_uri: `${origin}/auth/backchannel-logout`,
  scope: 'openid profile email offline_access',
  sdk: true,
  ...more
})

/** Starts one that knows these clients. */
export async function openIssuer(clients: object[], config: object = {}, port?: number): Promise<TestIssuer> {
  const at = port ?? (await freePort())
  const issuer = `http://id.localhost:${at}`
  const system = await openSystem({
    config: {
      issuer,
      listen: { host: '127.0.0.1', port: at },
      clients,
      users,
      allow_private_addresses: true,
      ...config
    }
  })
  const now = (): number => Math.floor(Date.now() / 1000)
  return {
    ...system,
    issuer,
    async endAllOf(sub) {
      await system.system.heart.end({ name: 'admin_user', sub })
    },
    live: async () =>
      (await system.storage.listSessions({ limit: 100 }, now())).filter(session => session.live).length
  }
}
