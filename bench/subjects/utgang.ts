import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystem } from '../../packages/server/src/app.ts'
import { checkConfig } from '../../packages/server/src/config/load.ts'
import { toldClients, toldIds } from '../applications.ts'
import { people, site } from '../site.ts'
import { serveSubject } from './serve.ts'
import { livingAt, signInAt } from './utgang-logins.ts'

/** Utgang as it runs in production, its database a file, every guard at its usual setting. */
const folder = mkdtempSync(join(tmpdir(), 'utgang-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const system = await createSystem(
  checkConfig({
    issuer: 'https://id.example.test',
    listen: { host: '127.0.0.1', port: 0 },
    storage: `sqlite:${join(folder, 'bench.db')}`,
    secret_keys: ['only for measuring, thirty-two characters and more'],
    log_level: 'warn',
    // The applications are on this machine.
    allow_private_addresses: true,
    clients: [
      {
        client_id: site.clientId,
        client_secret: site.secret,
        redirect_uris: [site.callback],
        post_logout_redirect_uris: [site.signedOut],
        sdk: true,
        // As at oidc-provider, where a logout revokes the tokens of the session.
        tokens_end_with_session: true
      },
      ...toldClients(Number(process.argv[2]))
    ]
  })
)
const now = Math.floor(Date.now() / 1000)
for (let index = 0; index < people; index++) {
  await system.storage.addUser(
    {
      sub: `person-${index}`,
      email: `person-${index}@example.test`,
      name: `Person ${index}`,
      passwordHash: '$argon2id$nobody-signs-in-by-password-here',
      claims: {}
    },
    now
  )
}

serveSubject(await system.listen(), {
  signIn: (count, told) => signInAt(system.storage, system.config, count, toldIds(told)),
  living: logins => livingAt(system.storage, logins),
  close: () => system.close()
})
