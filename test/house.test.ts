import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname

/** A rule of the house, broken or kept in one file: where it stands, what it says, and what the linter answers. */
type Case = [file: string, code: string, answer: string]

const kept = ''
const cases: Case[] = [
  // oidc-provider
  ['oidc/mount.ts', "import Provider from 'oidc-provider'", kept],
  ['doors/door.ts', "import Provider from 'oidc-provider'", 'oidc-provider is touched only in oidc/.'],
  ['web/web.ts', "import x from 'oidc-provider/lib/x.js'", 'oidc-provider is touched only in oidc/.'],
  [
    'sessions/find.ts',
    "import type { Provider } from 'oidc-provider'",
    'oidc-provider is touched only in oidc/.'
  ],
  ['app.ts', "import Provider from 'oidc-provider'", 'oidc-provider is touched only in oidc/.'],
  // The web framework
  ['doors/plugin.ts', "import type { FastifyInstance } from 'fastify'", kept],
  ['web/plugin.ts', "import form from '@fastify/formbody'", kept],
  ['logout/end.ts', "import type { FastifyReply } from 'fastify'", 'The web framework is used only in'],
  ['users/users.ts', "import form from '@fastify/formbody'", 'The web framework is used only in'],
  ['notify/worker.ts', "const fastify = await import('fastify')", 'The web framework is used only in'],
  ['config/schema.ts', "import fastify from 'fastify'", 'The web framework is used only in'],
  ['storage/sqlite/x.ts', "import fastify from 'fastify'", 'The web framework is used only in'],
  ['main.ts', "import fastify from 'fastify'", 'The web framework is used only in'],
  // SQL
  ['storage/sqlite/db.ts', "import { DatabaseSync } from 'node:sqlite'", kept],
  ['storage/postgres/db.ts', "import pg from 'pg'", kept],
  ['doors/sql.ts', "import { DatabaseSync } from 'node:sqlite'", 'SQL lives only in storage/.'],
  ['oidc/sql.ts', "import { DatabaseSync } from 'node:sqlite'", 'SQL lives only in storage/.'],
  ['logout/sql.ts', "import pg from 'pg'", 'SQL lives only in storage/.'],
  ['notify/sql.ts', "import pg from 'pg'", 'SQL lives only in storage/.'],
  ['cli/sql.ts', "import { DatabaseSync } from 'node:sqlite'", 'SQL lives only in storage/.'],
  ['web/sql.ts', "import { DatabaseSync } from 'node:sqlite'", 'SQL lives only in storage/.'],
  // Which storage it is
  ['open-storage.ts', "import { openSqlite } from './storage/sqlite/sqlite.ts'", kept],
  ['cli/open.ts', "import { openSqlite } from '../storage/sqlite/sqlite.ts'", 'Import storage/storage.ts'],
  ['cli/opened.ts', "import { openStorage } from '../open-storage.ts'", kept],
  ['oidc/opened.ts', "import { openStorage } from '../open-storage.ts'", 'app.ts knows everyone'],
  ['doors/open.ts', "import { openSqlite } from '../storage/sqlite/sqlite.ts'", 'Import storage/storage.ts'],
  ['oidc/open.ts', "import { openSqlite } from '../storage/sqlite/sqlite.ts'", 'Import storage/storage.ts'],
  ['users/open.ts', "import { openSqlite } from '../storage/sqlite/sqlite.ts'", 'Import storage/storage.ts'],
  ['storage/postgres/open.ts', "import { openSqlite } from '../sqlite/sqlite.ts'", 'knows no other one'],
  // Who knows everyone
  ['cli/start.ts', "import { createSystem } from '../app.ts'", kept],
  ['doors/start.ts', "import { createSystem } from '../app.ts'", 'app.ts knows everyone'],
  ['oidc/start.ts', "import { printRows } from '../cli/with-storage.ts'", 'app.ts knows everyone'],
  ['storage/sqlite/start.ts', "import { createSystem } from '../../app.ts'", 'app.ts knows everyone'],
  // Who may import whom
  [
    'doors/all.ts',
    "import { end } from '../logout/end.ts'; import { op } from '../oidc/op.ts'; import { page } from '../pages/home.ts'",
    kept
  ],
  ['doors/tell.ts', "import { worker } from '../notify/worker.ts'", 'A door calls the heart'],
  [
    'doors/tell-later.ts',
    "export const worker = await import('../notify/worker.ts')",
    'A door calls the heart'
  ],
  ['doors/pass-on.ts', "export { worker } from '../notify/worker.ts'", 'A door calls the heart'],
  ['oidc/all.ts', "import { end } from '../logout/end.ts'; import { html } from '../web/answers.ts'", kept],
  ['oidc/door.ts', "import { door } from '../doors/door.ts'", 'oidc/ knows neither doors/ nor notify/.'],
  ['notify/door.ts', "import { door } from '../doors/door.ts'", 'notify/ knows neither doors/ nor oidc/.'],
  ['notify/op.ts', "import { op } from '../oidc/op.ts'", 'notify/ knows neither doors/ nor oidc/.'],
  [
    'logout/heart.ts',
    "import { find } from '../sessions/find.ts'; import type { Storage } from '../storage/storage.ts'",
    kept
  ],
  [
    'logout/http.ts',
    "import { html } from '../web/answers.ts'",
    'The heart and the model know only each other'
  ],
  [
    'tokens/page.ts',
    "import { page } from '../pages/home.ts'",
    'The heart and the model know only each other'
  ],
  ['clients/op.ts', "import { op } from '../oidc/op.ts'", 'The heart and the model know only each other'],
  ['web/door.ts', "import { door } from '../doors/door.ts'", 'web/ and pages/ are used by doors/'],
  ['pages/op.ts', "import { op } from '../oidc/op.ts'", 'web/ and pages/ are used by doors/'],
  ['config/model.ts', "import { find } from '../sessions/find.ts'", 'are there for everyone and know nobody'],
  ['errors.ts', "import { html } from './web/answers.ts'", 'are there for everyone and know nobody'],
  ['storage/types.ts', "import type { Client } from '../clients/client.ts'", kept],
  ['storage/values.ts', "import { find } from '../sessions/find.ts'", 'storage/ imports only types'],
  [
    'storage/sqlite/values.ts',
    "import { find, type Session } from '../../sessions/find.ts'",
    'storage/ imports only types'
  ],
  ['storage/pass-on.ts', "export { find } from '../sessions/find.ts'", 'storage/ passes nothing on'],
  // Cycles
  [
    'users/round.ts',
    "import { there } from './about.ts'; export const here = () => there",
    'part of a cycle'
  ],
  ['users/about.ts', "import { here } from './round.ts'; export const there = () => here", 'part of a cycle'],
  // What the compiler would let through
  ['web/any.ts', 'export const parse = (text: string): any => text', 'Unexpected any'],
  ['web/sure.ts', 'export const first = (list: string[]) => list[0]!.length', 'Forbidden non-null assertion']
]

const model = ['sessions', 'tokens', 'clients', 'users']
const heart = ['logout', ...model, 'storage', 'config']
const steps = [...heart, 'pages', 'web']

/** Which rooms a room may take values from; itself always, and `cli` everything. */
const mayImport: Record<string, string[]> = {
  doors: [...steps, 'oidc'],
  oidc: steps,
  notify: steps,
  web: steps,
  pages: steps,
  logout: heart,
  sessions: heart,
  tokens: heart,
  clients: heart,
  users: heart,
  storage: [],
  config: []
}
const rooms = Object.keys(mayImport)
const pairs = rooms.flatMap(room =>
  rooms
    .filter(other => other !== room)
    .map(other => ({ room, other, may: mayImport[room]?.includes(other) === true }))
)
/** A file in one room that takes something from another. */
const pairFile = (room: string, other: string): string => `${room}/takes-from-${other}.ts`

describe('the linter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-house-'))
  let said: Map<string, string[]>
  beforeAll(() => {
    for (const name of ['biome.json', '.biome', '.gitignore'])
      cpSync(join(root, name), join(folder, name), { recursive: true })
    const between = pairs.map(({ room, other }) => [
      pairFile(room, other),
      `import { x } from '../${other}/${other}.ts'`
    ])
    for (const [file = '', code] of [...cases, ...between]) {
      const path = join(folder, 'packages/server/src', file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${code}\n`)
    }
    said = lint(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  // Names that are imported and not used are beside the point.
  const messagesOf = (file: string): string[] =>
    (said.get(`packages/server/src/${file}`) ?? []).filter(it => !/(is|are) unused/.test(it))

  test.each(pairs)('from $other to $room: $may', ({ room, other, may }) => {
    expect(messagesOf(pairFile(room, other))).toHaveLength(may ? 0 : 1)
  })

  test.each(cases)('%s: %s', (file, _code, answer) => {
    const messages = messagesOf(file)
    if (answer === kept) expect(messages).toEqual([])
    else expect(messages.join('\n')).toContain(answer)
  })
})

describe('the house', () => {
  const files = everyFile(root).map(path => relative(root, path))
  const sources = files.filter(path => /^(packages\/[^/]+|examples)\/src\/.*\.ts$/.test(path))

  test('no source file is longer than 400 lines', () => {
    expect(sources.length).toBeGreaterThan(80)
    const long = sources.filter(path => text(path).split('\n').length > 401)
    expect(long).toEqual([])
  })

  test('no folder or file is called after nothing', () => {
    expect(
      files.filter(path => /(^|\/)(utils?|helpers?|common|misc|shared)(\/|\.[a-z]+$)/i.test(path))
    ).toEqual([])
  })

  test('nothing names a folder of the machine it was written on', () => {
    const machine = new RegExp(`(^|[\\s"'\`(=:])/(${['work', 'root', 'home', 'Users'].join('|')})/`, 'm')
    const readable = files.filter(path => /\.(ts|js|json|md|sql|grit|css|html|yml|sh)$|\.ci\/run$/.test(path))
    expect(readable.length).toBeGreaterThan(100)
    expect(readable.filter(path => path !== 'package-lock.json' && machine.test(text(path)))).toEqual([])
  })

  test('only the index of a package passes on what others export', () => {
    const passesOn = /^export (type )?(\*|\{[^}]*\}) from /m
    expect(sources.filter(path => !path.endsWith('/index.ts') && passesOn.test(text(path)))).toEqual([])
  })
})

/** What the linter says of each file in a folder. */
function lint(folder: string): Map<string, string[]> {
  const command = createRequire(import.meta.url).resolve(`@biomejs/cli-linux-${process.arch}/biome`)
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.']
  const report = JSON.parse(run(command, args, folder)) as {
    diagnostics: { message: string; location: { path: string } }[]
  }
  const said = new Map<string, string[]>()
  for (const { message, location } of report.diagnostics)
    said.set(location.path, [...(said.get(location.path) ?? []), message])
  return said
}

/** The output of a command, whatever it exits with. */
function run(command: string, args: string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

function text(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function everyFile(folder: string): string[] {
  const skipped = new Set(['node_modules', '.git', '.utgang', 'coverage', 'results'])
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (skipped.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? everyFile(path) : entry.isFile() ? [path] : []
  })
}
