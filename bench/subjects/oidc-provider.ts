import { generateKeyPairSync } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { toldClients, toldIds } from '../applications.ts'
import { people, site } from '../site.ts'
import { mapAdapters } from './map-adapter.ts'
import { hintsFor, livingAt, signInAt } from './oidc-provider-logins.ts'
import { serveSubject } from './serve.ts'

/** oidc-provider by itself, as it comes, with the three endpoints that are compared. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const provider = new Provider('http://127.0.0.1', {
  adapter: mapAdapters(),
  jwks: {
    keys: [
      { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' },
      { ...other.export({ format: 'jwk' }), kid: 'other', alg: 'ES256', use: 'sig' }
    ]
  },
  clients: [
    {
      client_id: site.clientId,
      client_secret: site.secret,
      redirect_uris: [site.callback],
      post_logout_redirect_uris: [site.signedOut]
    },
    ...toldClients(Number(process.argv[2]))
  ],
  // The applications are on this machine, where its guard lets nobody go.
  fetch: (address, options) => fetch(address, { ...options, dispatcher: undefined } as RequestInit),
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true }
  }
})
const hints = await hintsFor(provider, privateKey, people)

const server: Server = provider.listen(0, '127.0.0.1', () => {
  serveSubject((server.address() as AddressInfo).port, {
    signIn: (count, told) => signInAt(provider, hints, count, toldIds(told)),
    living: logins => livingAt(provider, logins),
    close: async () => {
      server.close()
      server.closeAllConnections()
    }
  })
})
