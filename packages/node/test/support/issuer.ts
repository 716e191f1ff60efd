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

/** Starts one that knows these clients. @param more of its configuration */
export async function openIssuer(clients: object[], more: object = {}): Promise<TestIssuer> {
  const { issuer, system } = await openAnywhere({ clients, ...more }, 5)
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

/** Its port is part of its name, so that it has to be known before it listens; somebody else may take it meanwhile. */
async function openAnywhere(
  config: object,
  attempts: number
): Promise<{ issuer: string; system: TestSystem }> {
  const port = await freePort()
  const issuer = `http://id.localhost:${port}`
  const listen = { host: '127.0.0.1', port }
  try {
    const system = await openSystem({
      config: { issuer, listen, users, allow_private_addresses: true, ...config }
    })
    return { issuer, system }
  } catch (error) {
    if (attempts === 0 || (error as { code?: string }).code !== 'EADDRINUSE') throw error
    return openAnywhere(config, attempts - 1)
  }
}
