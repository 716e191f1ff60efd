import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../browser/test/support/listen.ts'
import { newPlace, type Place, type Said } from './utgang.ts'

function somewhere(more?: Record<string, unknown>): Place {
  const place = newPlace(more)
  onTestFinished(place.remove)
  return place
}

/** A place whose issuer is where its server will really listen. */
async function reachable(more: Record<string, unknown> = {}): Promise<Place> {
  const port = await freePort()
  const address = { issuer: `http://id.localhost:${port}`, listen: { host: '127.0.0.1', port } }
  return somewhere({ ...address, ...more })
}

/** The findings of a doctor: `[is, what, text]`. */
function findings({ stdout }: Said): string[][] {
  return stdout
    .trim()
    .split('\n')
    .map(line => /^(\S+) +(.+?) {2,}(.+)$/.exec(line)?.slice(1) ?? [line])
}

const of = (said: Said, what: string): string[][] => findings(said).filter(it => it[1] === what)
const problems = (said: Said): string[][] => findings(said).filter(it => it[0] === 'problem')

test('before the first start it says what will be made, and makes nothing', async () => {
  const place = await reachable()
  const said = await place.run('doctor')
  expect([said.code, said.stderr, problems(said)]).toEqual([0, '', []])
  expect(of(said, 'storage')).toEqual([
    ['ok', 'storage', expect.stringContaining('the first start makes it')]
  ])
  expect(of(said, 'front')).toEqual([
    ['warning', 'front', expect.stringContaining('nothing answers at http')]
  ])
  expect(readdirSync(place.folder)).toEqual(['utgang.json'])
})

test('beside a running server all is well, and the script tag fits the bytes that it serves', async () => {
  const place = await reachable()
  await place.serve()
  const said = await place.run('doctor')
  expect([said.code, said.stderr, problems(said)]).toEqual([0, '', []])
  for (const what of ['configuration', 'storage', 'migrations', 'signing keys', 'front', 'SDK script'])
    expect(of(said, what).map(it => [it[0], it[1]])).toEqual([['ok', what]])
  expect(of(said, 'signing keys')[0]?.[2]).toMatch(/^RS256 \S{16}, ES256 \S{16};/)

  const [, src = '', integrity] =
    /<script src="([^"]+)" integrity="(sha384-[\w+/]{64})" crossorigin="anonymous"><\/script>/.exec(
      said.stdout
    ) ?? []
  const { pathname, search, port } = new URL(src)
  const served = await request(`http://127.0.0.1:${port}${pathname}${search}`)
  const bytes = Buffer.from(await served.body.arrayBuffer())
  expect(integrity).toBe(`sha384-${hash('sha384', bytes, 'base64')}`)
  expect(served.headers['cache-control']).toContain('immutable')
})

test('every problem of a configuration gets a line of its own', async () => {
  const place = somewhere({ issuer: 'nowhere', colour: 'red', clients: [{ client_id: 'a' }] })
  const said = await place.run('doctor')
  expect([said.code, said.stderr]).toEqual([1, ''])
  expect(problems(said).map(it => it[2])).toEqual([
    expect.stringMatching(/^issuer: /),
    expect.stringMatching(/^colour: /),
    expect.stringMatching(/^clients\[0\]\.redirect_uris: /)
  ])
  expect((await place.run('doctor', '--no-such-option')).code).toBe(1)
})

test('a key that is gone is missed, and no new one is put in its place', async () => {
  const place = somewhere()
  await stopped(place)
  rmSync(join(place.folder, 'utgang.db.key'))
  const said = await place.run('doctor')
  expect(said.code).toBe(1)
  expect(problems(said)).toEqual([
    ['problem', 'secret_keys', expect.stringContaining('utgang.db.key is gone')]
  ])
  expect(readdirSync(place.folder)).not.toContain('utgang.db.key')
})

test('keys under which nothing opens are a problem', async () => {
  const place = somewhere({ secret_keys: ['the first key, of thirty-two characters or more'] })
  await stopped(place)
  expect((await place.run('doctor')).code).toBe(0)
  change(place, { secret_keys: ['another key, of thirty-two characters or more'] })
  const said = await place.run('doctor')
  expect(said.code).toBe(1)
  expect(problems(said)).toEqual([['problem', 'signing keys', expect.stringContaining('add that key')]])

  // New signing keys under the new key: what else is sealed still needs the old one.
  const db = new DatabaseSync(join(place.folder, 'utgang.db'))
  db.exec('DELETE FROM signing_keys')
  db.close()
  expect((await place.run('keys', 'rotate', '--now')).code).toBe(0)
  expect(problems(await place.run('doctor'))).toEqual([
    ['problem', 'signing keys', expect.stringContaining('add that key')]
  ])
})

test('a database that is none, one in no folder, one in memory', async () => {
  const place = somewhere()
  writeFileSync(
    join(place.folder, 'utgang.db'),
    'no database, though long enough to be looked at as one\n'.repeat(20)
  )
  writeFileSync(join(place.folder, 'utgang.db.key'), 'k'.repeat(43))
  expect(problems(await place.run('doctor'))).toEqual([
    ['problem', 'storage', expect.stringContaining('the file is no SQLite database')]
  ])
  mkdirSync(join(place.folder, 'here'))
  change(place, { storage: `sqlite:${join(place.folder, 'nowhere', 'utgang.db')}` })
  const said = await place.run('doctor')
  expect([said.code, problems(said)]).toEqual([
    1,
    [['problem', 'storage', expect.stringContaining('its folder does not exist')]]
  ])
  change(place, { storage: 'sqlite::memory:' })
  expect(of(await place.run('doctor'), 'storage')).toEqual([
    ['warning', 'storage', expect.stringContaining('gone with the process')]
  ])
})

test('a database of an older version is left as it is; one of a newer version is a problem', async () => {
  const place = somewhere({ secret_keys: ['a key of thirty-two characters, or of more'] })
  const file = join(place.folder, 'utgang.db')
  const folder = new URL('../../src/storage/sqlite/migrations/', import.meta.url)
  const [first = '', ...later] = readdirSync(folder).sort()
  const applied = (): unknown[] =>
    inside(file, db =>
      db
        .prepare('SELECT name FROM migrations')
        .all()
        .map(it => it.name)
    )
  inside(file, db => {
    db.exec(`CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;
      INSERT INTO migrations VALUES ('${first}', 1)`)
    db.exec(readFileSync(new URL(first, folder), 'utf8'))
  })
  const said = await place.run('doctor')
  expect([said.code, said.stderr]).toEqual([0, ''])
  expect(of(said, 'migrations')).toEqual([
    ['warning', 'migrations', expect.stringContaining(later.join(', '))]
  ])
  expect(applied()).toEqual([first])

  expect((await place.run('migrate')).code).toBe(0)
  expect(of(await place.run('doctor'), 'migrations')).toEqual([['ok', 'migrations', 'all are applied']])
  inside(file, db => db.exec("INSERT INTO migrations VALUES ('999_later.sql', 1)"))
  expect(problems(await place.run('doctor'))).toEqual([
    ['problem', 'storage', expect.stringContaining('999_later.sql, which this version does not know')]
  ])
})

test('who answers at the public address, and whether the script arrives as it was sent', async () => {
  const place = await reachable()
  const { issuer } = JSON.parse(readFileSync(place.config, 'utf8')) as { issuer: string }
  let discovery = '<h1>Welcome to nginx</h1>'
  const front = createServer((asked, answer) =>
    answer.end(asked.url?.startsWith('/.well-known/') ? discovery : '/* shortened */')
  )
  front.listen(Number(new URL(issuer).port), '127.0.0.1')
  await new Promise(resolve => front.once('listening', resolve))
  onTestFinished(() => void front.close())

  for (const document of [discovery, '{}', '{"issuer":"https://other.example"}']) {
    discovery = document
    const said = await place.run('doctor')
    expect([said.code, problems(said)]).toEqual([
      1,
      [['problem', 'front', expect.stringContaining('is answered by something else')]]
    ])
  }
  discovery = JSON.stringify({ issuer })
  const said = await place.run('doctor')
  expect([said.code, problems(said)]).toEqual([
    1,
    [['problem', 'SDK script', expect.stringContaining('will not fit')]]
  ])
})

test('an https issuer whose front is not named is warned of', async () => {
  const secure = { issuer: 'https://id.localhost:1', users: [] }
  expect(of(await somewhere(secure).run('doctor'), 'issuer')[0]?.[0]).toBe('ok')
  const more = { ...secure, issuer: 'https://id.invalid', clients: [], secret_keys: ['k'.repeat(43)] }
  expect(of(await somewhere(more).run('doctor'), 'issuer')).toEqual([
    ['warning', 'issuer', expect.stringContaining('trust_proxy is empty')]
  ])
  expect(of(await somewhere({ ...more, trust_proxy: ['127.0.0.1'] }).run('doctor'), 'issuer')[0]?.[0]).toBe(
    'ok'
  )
})

test('what the SDK’s clients will meet', async () => {
  const site = (client_id: string, more: object) => ({
    client_id,
    redirect_uris: ['https://a.example/cb'],
    ...more
  })
  const clients = [
    site('plain', {}),
    site('near', { sdk: true, redirect_uris: ['http://news.id.localhost:4001/cb'] }),
    site('far', { sdk: true, legacy_jsonp: true, origins: ['https://pages.a.example'] }),
    site('open', { sdk: true, origins: ['http://pages.id.localhost', 'http://pages.example'] }),
    site('app', { sdk: true, application_type: 'native', redirect_uris: ['com.example.app:/cb'] })
  ]
  const said = await somewhere({ clients }).run('doctor')
  expect(said.code).toBe(1)
  expect(of(said, 'SDK client')).toEqual([
    ['ok', 'SDK client', 'near (sdk), pages of http://news.id.localhost:4001'],
    ['ok', 'SDK client', 'far (sdk), pages of https://pages.a.example'],
    ['ok', 'SDK client', 'far (legacy_jsonp), pages of https://a.example'],
    [
      'warning',
      'SDK client',
      expect.stringMatching(
        /^far: to browsers https:\/\/pages\.a\.example, https:\/\/a\.example is another site than /
      )
    ],
    ['ok', 'SDK client', expect.stringMatching(/^open \(sdk\)/)],
    [
      'warning',
      'SDK client',
      expect.stringMatching(/^open: pages of http:\/\/pages\.example can be changed/)
    ],
    ['warning', 'SDK client', expect.stringMatching(/^open: to browsers http:\/\/pages\.example is another/)],
    ['problem', 'SDK client', expect.stringMatching(/^app \(sdk\) has no web origin/)]
  ])
  expect(of(await somewhere({ clients: [clients[0]] }).run('doctor'), 'SDK clients')).toEqual([
    ['ok', 'SDK clients', expect.stringMatching(/^none: /)]
  ])
})

/** Starts a server there once, so that there is a database, and stops it. */
async function stopped(place: Place): Promise<void> {
  const server = await place.serve()
  server.process.kill('SIGTERM')
  expect(await server.gone).toBe(0)
}

function change({ config }: Place, more: Record<string, unknown>): void {
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), ...more }))
}

function inside<T>(file: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file)
  try {
    return work(db)
  } finally {
    db.close()
  }
}
