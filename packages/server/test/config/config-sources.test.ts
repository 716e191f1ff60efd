import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { printConfig } from '../../src/config/print.ts'

const folder = mkdtempSync(join(tmpdir(), 'utgang-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const issuer = 'http://id.localhost:4000'

function file(content: unknown): string {
  const path = join(folder, 'utgang.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

test('what Kubernetes sets for a Service called utgang is no configuration; a port that somebody gives is unknown', () => {
  const env = {
    UTGANG_ISSUER: issuer,
    UTGANG_SERVICE_HOST: '10.0.0.1',
    UTGANG_SERVICE_PORT: '443',
    UTGANG_SERVICE_PORT_HTTPS: '443',
    UTGANG_PORT: 'tcp://10.0.0.1:443',
    UTGANG_PORT_443_TCP: 'tcp://10.0.0.1:443',
    UTGANG_PORT_443_TCP_PROTO: 'tcp',
    UTGANG_PORT_443_TCP_PORT: '443',
    UTGANG_PORT_443_TCP_ADDR: '10.0.0.1'
  }
  expect(loadConfig({ env }).config.issuer).toBe(issuer)
  expect(() => loadConfig({ env: { ...env, UTGANG_PORT: '4000' } })).toThrow('UTGANG_PORT: unknown key')
})

test('the environment goes before the file, and the file before the default', () => {
  const { config } = loadConfig({
    file: file({ issuer, retention_days: 7, logout_wait_ms: 100 }),
    env: { UTGANG_RETENTION_DAYS: '30', PATH: '/bin' }
  })
  expect(config).toMatchObject({ retention_days: 30, logout_wait_ms: 100, log_level: 'info' })
})

test.each<[string, string, unknown]>([
  ['UTGANG_STORAGE', 'sqlite:/var/lib/utgang.db', 'sqlite:/var/lib/utgang.db'],
  ['UTGANG_EXTRA_CA_FILE', '12', '12'],
  ['UTGANG_LOGOUT_WAIT_MS', '0', 0],
  ['UTGANG_ALLOW_PRIVATE_ADDRESSES', 'true', true],
  ['UTGANG_TRUST_PROXY', '["127.0.0.1"]', ['127.0.0.1']],
  [
    'UTGANG_REGISTRATION',
    '{"initial_access_token":"sixteen-characters"}',
    { initial_access_token: 'sixteen-characters' }
  ]
])('%s=%s is read as the key wants it', (name, text, value) => {
  const { config } = loadConfig({ env: { UTGANG_ISSUER: issuer, [name]: text } })
  expect(config).toHaveProperty(name.slice('UTGANG_'.length).toLowerCase(), value)
})

test('a problem names the variable that it came from', () => {
  const env = { UTGANG_FOO: '1', UTGANG_LISTEN: '{"port":"x"}', UTGANG_RETENTION_DAYS: 'long' }
  expect(() => loadConfig({ file: file({ issuer }), env })).toThrow(
    [
      '3 problems',
      '  UTGANG_LISTEN.port: is "x"; expected: a number',
      '  UTGANG_RETENTION_DAYS: is "long"; expected: a number',
      '  UTGANG_FOO: unknown key'
    ].join('\n')
  )
})

test.each([
  ['clients', '[{"client_id":"shop","client_secret":"hunter"'],
  ['users', "[{'password': 'hunter'}]"],
  ['registration', '{"initial_access_token":"hunter"'],
  ['clients', '["{\\"client_secret\\":\\"hunter\\"}"]'],
  ['clients', '[{"client_id":"shop","jwks":"{\\"d\\":\\"hunter\\"}"}]']
])('JSON for %s in the environment that cannot be read shows none of its secrets: %s', (key, text) => {
  const load = () => loadConfig({ env: { UTGANG_ISSUER: issuer, [`UTGANG_${key.toUpperCase()}`]: text } })
  expect(load).toThrow(new RegExp(`UTGANG_${key.toUpperCase()}.*: is "\\*{6}"; expected`))
  expect(load).not.toThrow(/hunter/)
})

test.each<[string, string, RegExp]>([
  [
    'a comma too many',
    '{\n  "client_secret": "hunter",\n  "trust_proxy": ["a", ]\n}',
    /line 3, column 24: Unexpected token '\]'/
  ],
  ['a comma too few', '{\n  "client_secret": "hunter"\n  "x": 1\n}', /line 3, column 3: Expected ','/],
  ['an open end', '{"client_secret": "hunter"', /line 1/],
  ['single quotes', "{'client_secret': 'hunter'}", /line 1, column 2/],
  ['no object', '["hunter"]', /holds no JSON object/],
  ['nothing', '', /line 1, column 1/]
])('a file with %s is refused where it is wrong, and shows nothing of itself', (_what, text, message) => {
  const load = () => loadConfig({ file: file(text) })
  expect(load).toThrow(message)
  expect(load).not.toThrow(/hunter/)
})

test('a file that is not there is told as that', () => {
  expect(() => loadConfig({ file: join(folder, 'none.json') })).toThrow(/none\.json: there is no such file/)
})

test('every value is listed with where it came from, and no secret', () => {
  const secrets = {
    storage: 'sqlite:hunter.db',
    secret_keys: ['hunter-1'.padEnd(32, '-')],
    clients: [
      {
        client_id: 'a',
        client_secret: 'hunter-2',
        sign_secret: 'hunter-3-hunter-3',
        redirect_uris: ['https://a.example/cb']
      }
    ],
    users: [{ sub: 'u', email: 'u@example.test', password: 'hunter-4', team: { password: 'hunter-5' } }],
    registration: { initial_access_token: 'hunter-6-hunter-6' }
  }
  const lines = printConfig(
    loadConfig({
      file: file({ issuer, listen: { port: 0 }, ...secrets, storage: 'sqlite:a.db' }),
      env: { UTGANG_LIFETIMES: '{"code_seconds":30}', UTGANG_LOG_LEVEL: 'warn' }
    })
  ).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      `issuer = "${issuer}"  (file)`,
      'listen.host = "127.0.0.1"  (default)',
      'listen.port = 0  (file)',
      'storage = "sqlite:a.db"  (file)',
      'clients[0].client_id = "a"  (file)',
      'clients[0].client_secret = "******"  (file)',
      'clients[0].redirect_uris = ["https://a.example/cb"]  (file)',
      'clients[0].require_pkce = true  (default)',
      'users[0].password = "******"  (file)',
      'users[0].team.password = "******"  (file)',
      'lifetimes.code_seconds = 30  (environment)',
      'lifetimes.id_token_seconds = 600  (default)',
      'secret_keys = "******"  (file)',
      'registration.initial_access_token = "******"  (file)',
      'log_level = "warn"  (environment)'
    ])
  )
  expect(lines.join('\n')).not.toContain('hunter')
})
