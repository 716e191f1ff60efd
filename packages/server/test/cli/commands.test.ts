import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { newPlace, type Place, type Said, utgang } from './utgang.ts'

let place: Place & { remove(): void }
beforeAll(() => {
  place = newPlace()
})
afterAll(() => place.remove())

/** What a command printed; it must have gone well. */
async function printed(said: Promise<Said>): Promise<string> {
  const { code, stdout, stderr } = await said
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

test('the version is that of the package', async () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(await printed(utgang(['--version']))).toBe(`${manifest.version}\n`)
})

test('an unknown command gets help and fails', async () => {
  const { code, stderr } = await utgang(['sing'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/unknown command 'sing'[\s\S]*Usage: utgang[\s\S]*serve/)
})

test('a number that is none is refused before anything is done', async () => {
  const { code, stderr } = await place.run('audit', '--limit', 'all')
  expect(code).toBe(1)
  expect(stderr).toMatch(/argument 'all' is invalid\. It must be a whole number/)
})

test('config print shows values and where they came from, and no secret', async () => {
  const text = await printed(
    utgang(['config', 'print', '-c', place.config], { env: { UTGANG_RETENTION_DAYS: '3' } })
  )
  expect(text).toMatch(/^retention_days = 3 {2}\(environment\)$/m)
  expect(text).toMatch(/^clients\[0\]\.client_secret = "\*{6}" {2}\(file\)$/m)
  expect(text).not.toMatch(/secret-of-the-tests|battery/)
})

test('a wrong configuration is refused with every problem and no stack trace', async () => {
  const config = join(place.folder, 'wrong.json')
  writeFileSync(config, JSON.stringify({ issuer: 'nowhere', clients: [{ client_id: 'a' }], colour: 'red' }))
  const commands = [['serve'], ['config', 'print'], ['migrate'], ['clients', 'check']]
  const said = await Promise.all(commands.map(command => utgang([...command, '-c', config])))
  for (const { code, stdout, stderr } of said) {
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('wrong.json: 3 problems\n')
    expect(stderr).toMatch(
      /issuer: [\s\S]*colour: [\s\S]*clients\[0\]\.redirect_uris: [\s\S]*code: bad_config/
    )
    expect(stderr).not.toMatch(/\n\s+at /)
  }
})

test('migrate makes a database that only its owner can read; once more changes nothing', async () => {
  for (const _time of ['first', 'second'])
    expect(await printed(place.run('migrate'))).toMatch(/utgang\.db is up to date/)
  expect(statSync(join(place.folder, 'utgang.db')).mode & 0o077).toBe(0)
})

test('users come, are listed, are disabled, go; each by sub or address', async () => {
  const add = (...args: string[]) => place.runWith('a long password\n', 'users', 'add', ...args)
  const sub = (await printed(add('--email', 'per@example.test', '--name', 'Per'))).trim()
  expect(await printed(add('--email', 'pia@example.test', '--name', 'Pia', '--sub', 'u-pia'))).toBe('u-pia\n')
  expect(await printed(place.run('users', 'list'))).toMatch(
    new RegExp(`^sub +email +name +status +since\\n[\\s\\S]*${sub} +per@example.test +Per +active`, 'm')
  )
  expect(await printed(place.run('users', 'disable', 'per@example.test'))).toContain(
    `${sub}: everything has ended`
  )
  expect(await printed(place.run('users', 'disable', sub))).toContain('was so already')
  expect(await printed(place.run('users', 'delete', 'u-pia'))).toContain('everything has ended')
  expect(await printed(place.run('users', 'list'))).toMatch(/per@example\.test +Per +disabled/)
})

test.each<[string, string, string[], RegExp]>([
  [
    'an address that is none',
    'a long password',
    ['--email', 'per', '--name', 'P'],
    /--email: per is not an address/
  ],
  ['a short password', 'short', ['--email', 'x@example.test', '--name', 'X'], /at least 8 characters/],
  ['no password', '', ['--email', 'x@example.test', '--name', 'X'], /at least 8 characters/],
  [
    'an address that is taken',
    'a long password',
    ['--email', 'PER@example.test', '--name', 'X'],
    /duplicate_user/
  ]
])('users add refuses %s', async (_what, input, args, message) => {
  const { code, stderr } = await place.runWith(`${input}\n`, 'users', 'add', ...args)
  expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
})

test('nobody of that name: refused with a code', async () => {
  for (const command of [
    ['users', 'disable', 'nobody'],
    ['sessions', 'end', 'none']
  ]) {
    const { code, stderr } = await place.run(...command)
    expect(code).toBe(1)
    expect(stderr).toMatch(/code: unknown_(user|session)/)
  }
})

test('clients check says what each client of the configuration meets at a logout', async () => {
  const text = await printed(place.run('clients', 'check'))
  expect(text).toMatch(/^news\n {2}confidential, PKCE required\n {2}has no backchannel_logout_uri/m)
  expect(text).toMatch(
    /^market\n[\s\S]*owed a Logout Token at http:\/\/127\.0\.0\.1:9\/backchannel\n {2}its tokens end/m
  )
  expect(text).toMatch(/^app\n {2}public/m)
})

test('clients check names each way in which a client is told', async () => {
  const client = {
    client_id: 'shop',
    redirect_uris: ['https://shop.example/cb'],
    webhook_uri: 'https://shop.example/hook',
    webhook_secret: `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
  }
  const both = { ...client, client_id: 'both', backchannel_logout_uri: 'https://shop.example/bcl' }
  const env = { UTGANG_CLIENTS: JSON.stringify([client, both]) }
  const text = await printed(utgang(['clients', 'check', '-c', place.config], { env }))
  const hook = ' {2}owed a webhook at https://shop.example/hook'
  expect(text).toMatch(new RegExp(`^shop\\n {2}public, PKCE required\\n${hook}\\n`, 'm'))
  expect(text).toMatch(new RegExp(` {2}owed a Logout Token at https://shop.example/bcl\\n${hook}\\n`))
})

test('a new signing key is published at once and signs later; with --now it signs at once; old ones stay', async () => {
  const text = await printed(place.run('keys', 'rotate'))
  const [kids = '', from = ''] = /^(.+): published, signing from (\S+)$/m.exec(text)?.slice(1) ?? []
  expect(Date.parse(from)).toBeGreaterThan(Date.now() + 23 * 3_600_000)
  const now = /signing from (\S+)$/m.exec(await printed(place.run('keys', 'rotate', '--now')))?.[1] ?? ''
  expect(Date.parse(now)).toBeLessThanOrEqual(Date.now())
  const listed = await printed(place.run('keys', 'list'))
  for (const kid of kids.split(' ')) expect(listed).toContain(kid)
  expect(listed.trim().split('\n').length).toBeGreaterThanOrEqual(1 + 2 * kids.split(' ').length)
})

test('what strangers wrote into a table cannot command the terminal', async () => {
  const name = 'Eve \u001b[2J\u202egnorw\nforged line'
  expect(
    (await place.runWith('long enough\n', 'users', 'add', '--email', 'eve@example.test', '--name', name)).code
  ).toBe(0)
  const listed = await printed(place.run('users', 'list'))
  expect(listed).toContain('Eve �[2J�gnorw�forged line')
  expect(listed).not.toContain('\u001b')
})

test('the audit trail tells what the commands did, newest first', async () => {
  expect(await printed(place.run('audit'))).toMatch(/^at +event[\s\S]*keys_rotated[\s\S]*user_added/)
  const lines = (await printed(place.run('audit', '--json', '--event', 'user_added', '--limit', '1')))
    .trim()
    .split('\n')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'user_added', detail: { by: 'command_line' } })
})

test.each<[string, string, RegExp]>([
  [
    'in no folder',
    '/nowhere/utgang.db',
    /the database sqlite:\S+ cannot be used: its folder does not exist.*UTGANG_STORAGE/
  ],
  ['that is a folder', '/folder', /cannot be used: it is a folder/],
  ['that is another file', '/other.txt', /cannot be used: the file is no SQLite database/]
])('a database %s: said in plain words', async (_what, path, message) => {
  mkdirSync(join(place.folder, 'folder'), { recursive: true })
  writeFileSync(
    join(place.folder, 'other.txt'),
    'this is a letter to a friend, and no database at all. '.repeat(40)
  )
  const env = { UTGANG_STORAGE: `sqlite:${place.folder}${path}` }
  const said = await Promise.all(
    ['migrate', 'serve'].map(command => utgang([command, '-c', place.config], { env }))
  )
  for (const { code, stderr } of said) {
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(code).toBe(1)
  }
})

test.each<[string, string, RegExp]>([
  ['is not there', 'none.pem', /extra_ca_file: \S+none\.pem cannot be read \(ENOENT\)/],
  ['holds none', 'utgang.json', /holds no certificate/]
])('a file of authorities that %s: said, and the process ends', async (_what, name, message) => {
  const env = { UTGANG_EXTRA_CA_FILE: join(place.folder, name) }
  const { code, stderr } = await utgang(['serve', '-c', place.config], { env })
  expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
})

test('a session whose name begins with a dash can be named like any other', async () => {
  for (const start of ['-Hs', '-V-', '--h']) {
    const said = await place.run('sessions', 'end', start + 'x'.repeat(40))
    expect([said.code, said.stderr]).toEqual([1, expect.stringContaining('code: unknown_session')])
  }
})

test('whoever stops reading, as `head` does, is no error', async () => {
  const { code, stderr } = await utgang(['config', 'print', '-c', place.config], { stopsReading: true })
  expect([code, stderr]).toEqual([0, ''])
})

test('a table of more rows than a call takes arguments is printed whole', async () => {
  const full = newPlace()
  onTestFinished(() => full.remove())
  await printed(full.run('migrate'))
  const db = new DatabaseSync(join(full.folder, 'utgang.db'))
  const rows = 130_000
  db.exec(`INSERT INTO audit (at, event) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    SELECT 1, 'many' FROM n`)
  db.close()
  const text = await printed(full.run('audit', '--limit', String(rows)))
  expect(text.trim().split('\n')).toHaveLength(1 + rows)
})
