import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'undici'
import { endWithUs, removeFolder, temporaryFolder } from '../browsers/support/processes.ts'
import { findApache } from '../find-programs.ts'

/** Apache with mod_auth_openidc in front of `/protected/`, as an application that knows nothing of us. */
export interface Apache {
  origin: string
  /** The module's own address: callback, logout and session management all go here. */
  redirectUri: string
  /** What it wrote into its log. */
  log(): string
  close(): Promise<void>
}

const apache = findApache()

/** Whether there is one here. */
export const hasApache = apache !== undefined

/** The address of {@link Apache.redirectUri} for an application at this port. */
export const redirectUriAt = (port: number): string => `http://apache.localhost:${port}/protected/callback`

/** A page that watches the sign-on session as the module's documentation says: two frames, by these ids. */
const watching = `<!doctype html><title>Watching</title><p id="in">In</p>
<iframe id="openidc-op" src="/protected/callback?session=iframe_op"></iframe>
<iframe id="openidc-rp" src="/protected/callback?session=iframe_rp&amp;poll=200"></iframe>`

/** Starts it. */
export async function startApache(options: {
  port: number
  issuer: string
  clientId: string
  secret: string
}): Promise<Apache> {
  if (!apache) throw new Error('no Apache with mod_auth_openidc here')
  const folder = temporaryFolder('apache')
  // It serves as another user than the one who starts it.
  chmodSync(folder, 0o755)
  mkdirSync(`${folder}/www/protected`, { recursive: true })
  writeFileSync(`${folder}/www/protected/index.html`, '<!doctype html><title>Protected</title><p id="in">In')
  writeFileSync(`${folder}/www/protected/watching.html`, watching)
  writeFileSync(`${folder}/www/out.html`, '<!doctype html><title>Out</title><p id="out">Out')
  writeFileSync(`${folder}/httpd.conf`, configuration(folder, options))
  const child = spawn(apache.apache, ['-D', 'FOREGROUND', '-f', `${folder}/httpd.conf`], { stdio: 'ignore' })
  endWithUs(child)
  const log = (): string => readFileSync(`${folder}/error.log`, 'utf8')
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const origin = `http://apache.localhost:${options.port}`
  await answers(`http://127.0.0.1:${options.port}/out.html`, gone, log)
  return {
    origin,
    redirectUri: redirectUriAt(options.port),
    log,
    async close() {
      child.kill('SIGTERM')
      await gone
      removeFolder(folder)
    }
  }
}

function configuration(
  folder: string,
  { port, issuer, clientId, secret }: Parameters<typeof startApache>[0]
): string {
  const modules = [
    'mpm_event',
    'authn_core',
    'authz_core',
    'authz_user',
    'dir',
    'headers',
    'mime',
    'auth_openidc',
    'unixd'
  ]
  const load = modules
    .filter(it => it !== 'unixd')
    .map(it => `LoadModule ${it}_module ${apache?.modules}/mod_${it}.so`)
  return `ServerRoot ${folder}
${load.join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ServerName apache.localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
LogLevel warn auth_openidc:debug
TypesConfig /etc/mime.types
DocumentRoot ${folder}/www
DirectoryIndex index.html
StartServers 1
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${clientId}
OIDCClientSecret "${secret}"
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI ${redirectUriAt(port)}
OIDCDefaultLoggedOutURL http://apache.localhost:${port}/out.html
OIDCCryptoPassphrase "of the tests alone"
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCCookieSameSite On
<Location /protected/>
  AuthType openid-connect
  Require valid-user
  # Else the browser shows a page again for a while without asking, to whom nobody is signed in any more, too.
  Header set Cache-Control no-store
</Location>
`
}

/** Waits until it answers. @throws with its log when it ends instead */
async function answers(address: string, gone: Promise<void>, log: () => string): Promise<void> {
  let dead = false
  void gone.then(() => {
    dead = true
  })
  for (;;) {
    if (dead) throw new Error(`Apache ended: ${log()}`)
    try {
      const { body } = await request(address)
      await body.dump()
      return
    } catch {
      await new Promise(resolve => setTimeout(resolve, 30))
    }
  }
}
