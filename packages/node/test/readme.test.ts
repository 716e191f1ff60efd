import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { rowsUnder, saidByCompiler } from '../../../test/readme-page.ts'
import { freePort } from '../../browser/test/support/listen.ts'
import type { AuthErrorCode, AuthOptions } from '../src/index.ts'
import { newPerson } from './support/person.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'utgang-kit-'))
const main = join(root, 'packages/server/src/main.ts')
const file = (name: string): string => join(folder, name)

/** Ports of this run, in the place of those that the page names. */
const [idPort, sitePort] = [await freePort(), await freePort()]
const here = (text: string): string =>
  text
    .replaceAll('id.localhost:4000', `id.localhost:${idPort}`)
    .replaceAll('"port": 4000', `"port": ${idPort}`)
    .replaceAll('utgang.db', file('utgang.db'))
    .replaceAll('forum.localhost:3000', `forum.localhost:${sitePort}`)
    .replace(/\b3000\b/g, String(sitePort))

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(it => it[1] ?? '')
const examples = blocks('ts')
const origin = `http://forum.localhost:${sitePort}`

/** Runs a program until the test, or all of them, are done. */
function run(args: string[]): ChildProcess & { said: string } {
  const child = Object.assign(spawn(process.execPath, args, { cwd: folder, stdio: 'pipe' }), { said: '' })
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      child.said += chunk
    })
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
}

async function untilAnswers(address: string, child: { said: string }): Promise<void> {
  const person = newPerson()
  await vi.waitFor(
    () => person.ask(address).catch(cause => Promise.reject(new Error(child.said, { cause }))),
    {
      timeout: 25_000,
      interval: 100
    }
  )
}

let server: ReturnType<typeof run>

beforeAll(async () => {
  symlinkSync(join(root, 'node_modules'), file('node_modules'))
  writeFileSync(file('utgang.json'), here(blocks('json')[0] ?? ''))
  writeFileSync(file('package.json'), '{ "type": "module" }')
  server = run([main, 'serve', '--config', 'utgang.json'])
  await untilAnswers(`http://id.localhost:${idPort}/healthz`, server)
})
afterAll(async () => {
  await stop(server)
  rmSync(folder, { recursive: true })
})

const utgang = (...args: string[]): string =>
  execFileSync(process.execPath, [main, ...args, '--config', 'utgang.json'], {
    cwd: folder,
    encoding: 'utf8'
  })

/** Starts an example as it stands on the page. */
async function start(text: string | undefined): Promise<void> {
  writeFileSync(file('site.ts'), here(text ?? ''))
  const site = run(['site.ts'])
  onTestFinished(() => stop(site))
  await untilAnswers(`${origin}/me`, site)
}

const frameworks: [string, RegExp][] = [
  ['Express', /@utgang\/node\/express'/],
  ['Fastify', /@utgang\/node\/fastify'/],
  ['Hono', /@utgang\/node\/hono'/],
  ['node:http', /@utgang\/node\/http'/]
]

describe.each(frameworks)('the example for %s', (_name, isIt) => {
  test('signs in, shows who it is, hears of a logout elsewhere, signs out', async () => {
    await start(examples.find(it => isIt.test(it)))
    const person = newPerson()
    const me = async (): Promise<unknown> => (await person.ask(`${origin}/me`)).json()
    expect((await person.ask(`${origin}/me`)).status).toBe(401)

    const back = await person.signIn(origin, 'ola', '?return_to=/me')
    expect(back.json()).toEqual({ sub: 'u-1', name: 'Ola Nordmann' })

    const stream = await person.listen(`${origin}/auth/events`)
    const [session = ''] = /[\w-]{20,}/.exec(utgang('sessions', 'list')) ?? []
    utgang('sessions', 'end', session)
    expect(await stream.next()).toEqual({ event: 'logout', data: { by: 'back_channel' } })
    expect(await me()).toEqual({ error: 'sign in first' })

    await person.signIn(origin)
    const form = await person.ask(`${origin}/auth/logout`, {
      method: 'POST',
      headers: { origin, 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams()
    })
    expect([form.status, form.headers.get('location')]).toEqual([303, `${origin}/`])
    expect(await me()).toEqual({ error: 'sign in first' })
  })
})

test('the page of the first example shows the way in and the way out', async () => {
  await start(examples[0])
  const person = newPerson()
  expect((await person.open(origin)).text).toContain('href="/auth/login"')
  expect((await person.signIn(origin)).text).toContain('action="/auth/logout"')
})

test('every example compiles', () => {
  const name = (i: number): string => `example-${i}.ts`
  examples.forEach((text, i) => {
    writeFileSync(file(name(i)), text)
  })
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, target: 'es2024', module: 'nodenext' },
    ...{ lib: ['es2025', 'dom', 'dom.iterable'], types: ['node'], allowImportingTsExtensions: true },
    preserveSymlinks: false
  }
  writeFileSync(
    file('tsconfig.json'),
    JSON.stringify({ compilerOptions, files: examples.map((_it, i) => name(i)) })
  )
  expect(saidByCompiler(folder)).toBe('')
})

test('every option has a row', () => {
  const options: Record<keyof AuthOptions, true> = {
    issuer: true,
    client_id: true,
    client_secret: true,
    origin: true,
    base_path: true,
    scope: true,
    resource: true,
    sessions: true,
    cookie_name: true,
    session_seconds: true,
    id_token_signed_response_alg: true,
    fetch: true,
    allow_http: true,
    on_ended: true,
    on_error: true,
    after_login: true,
    after_logout: true
  }
  expect(rowsUnder(readme, 'createAuth(options)')).toEqual(Object.keys(options).toSorted())
})

test('every code has a row', () => {
  const codes: Record<AuthErrorCode, true> = {
    invalid_options: true,
    issuer_unreachable: true,
    issuer_refused: true,
    invalid_logout_token: true
  }
  expect(rowsUnder(readme, 'Errors')).toEqual(Object.keys(codes).toSorted())
})
