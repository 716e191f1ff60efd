import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { ask, newBrowser } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { alive, dead, signIn, usesOf } from '../support/sign-in.ts'
import type { TestSystem } from '../support/system.ts'
import { newPlace, type Place, type Serving, utgang } from './utgang.ts'

function somewhere(more?: Record<string, unknown>): Place {
  const place = newPlace(more)
  onTestFinished(place.remove)
  return place
}

/** What the kit needs to know of a server in another process. */
const asSystem = ({ origin }: Serving): TestSystem =>
  ({ origin, ask: (path: string, asking: object) => ask(origin, path, asking) }) as unknown as TestSystem

/** A connection on which requests are written byte by byte. */
async function raw(
  port: number
): Promise<{ socket: Socket; heard(text: string): Promise<string>; all: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.on('data', data => {
    text += data
  })
  const all = new Promise<string>(resolve => socket.once('close', () => resolve(text)))
  socket.on('error', () => undefined)
  await new Promise(resolve => socket.once('connect', resolve))
  return {
    socket,
    all,
    heard: wanted =>
      new Promise(resolve => {
        const look = (): void => void (text.includes(wanted) && resolve(text))
        socket.on('data', look)
        look()
      })
  }
}

/** A request that the server has accepted (it said "go on") and whose body is still to come. */
async function accepted(port: number, path: string, cookie: string, body: string) {
  const connection = await raw(port)
  connection.socket.write(
    `POST ${path} HTTP/1.1\r\nHost: id.localhost:4000\r\nExpect: 100-continue\r\nCookie: ${cookie}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`
  )
  await connection.heard('100 Continue')
  return { ...connection, finish: () => void connection.socket.write(body) }
}

/** Until nobody listens any more, which is how a stop shows from outside. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (!open) return
  }
}

// Less than the 30 s after which a stop cuts the connections that are left: here it must not have to.
test('a stop finishes what was accepted, tells balancers meanwhile, and exits with 0', {
  timeout: 25_000
}, async () => {
  const server = await somewhere().serve()
  expect(server.output()).toContain(`utgang: http://id.localhost:4000 on 127.0.0.1:${server.port}\n`)
  const browser = newBrowser(server.origin)
  const page = await browser.visit(
    '/oauth/authorize?client_id=classic&response_type=code&redirect_uri=https%3A%2F%2Fclassic.example%2Fcallback'
  )
  const cookie = `__Secure-utgang-interaction=${browser.cookie('__Secure-utgang-interaction')}`
  const form = new URLSearchParams({ login: 'ola@example.test', password }).toString()
  const slow = await Promise.all([1, 2, 3].map(() => accepted(server.port, page.path, cookie, form)))
  const balancer = await raw(server.port)
  balancer.socket.write('GET /readyz HTTP/1.1\r\n')
  const idle = await raw(server.port)
  idle.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  await idle.heard('"ok"')

  server.process.kill('SIGTERM')
  await refused(server.port)
  balancer.socket.write('Host: x\r\n\r\n')
  expect(await balancer.all).toMatch(/^HTTP\/1\.1 503 [\s\S]*\{"status":"stopping"\}$/)
  for (const request of slow) request.finish()
  const answers = await Promise.all(slow.map(request => request.all))
  for (const answer of answers)
    expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toMatch(/^HTTP\/1\.1 (303|400) [\s\S]*\r\n\r\n/)
  expect(answers.join()).toContain('HTTP/1.1 303')
  expect(await server.gone).toBe(0)
})

test('a second signal does not wait', async () => {
  const server = await somewhere().serve()
  await accepted(server.port, '/logout', '', 'a=b')
  server.process.kill('SIGTERM')
  await refused(server.port)
  server.process.kill('SIGINT')
  expect(await server.gone).toBe(1)
})

test('a port that is taken: said which, and what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => other.once('listening', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as { port: number }
  const place = somewhere({ listen: { host: '127.0.0.1', port } })
  const { code, stderr } = await place.run('serve')
  expect(stderr).toContain(`cannot listen on 127.0.0.1, port ${port}: another process listens there`)
  expect(stderr).toMatch(/set another port in `listen` \(UTGANG_LISTEN\)\.\n {2}code: port_in_use\n$/)
  expect(code).toBe(1)
})

test('an address that is not of this machine: said', async () => {
  const { code, stderr } = await somewhere({ listen: { host: '192.0.2.1', port: 0 } }).run('serve')
  expect([code, stderr]).toEqual([1, expect.stringContaining('this machine has no such address')])
})

test('commands work beside a running server, which knows from the next request on', async () => {
  const place = somewhere()
  const server = await place.serve()
  const at = asSystem(server)
  const signInAs = (email: string, clientId: string) =>
    signIn(at, newBrowser(server.origin), clientId, { email })
  const olas = [await signInAs('ola@example.test', 'market'), await signInAs('ola@example.test', 'market')]
  const karis = await signInAs('kari@example.test', 'news')
  const living = async (): Promise<number> => {
    const uses = await Promise.all(olas.map(signedIn => usesOf(at, signedIn)))
    return uses.filter(use => isDeepStrictEqual(use, alive)).length
  }
  expect(await living()).toBe(2)

  const { stdout } = await place.run('sessions', 'list', '--sub', 'u-ola')
  const [, row = ''] = stdout.split('\n')
  expect(row).toMatch(/ u-ola .* live +market$/)
  const session = row.split(' ')[0] ?? ''
  expect((await place.run('sessions', 'end', session)).stdout).toMatch(/^ended, receipt/)
  expect(await living()).toBe(1)
  expect((await place.run('sessions', 'end', session)).stdout).toMatch(/^had ended already/)

  expect((await place.run('users', 'disable', 'ola@example.test')).code).toBe(0)
  for (const signedIn of olas) expect(await usesOf(at, signedIn)).toEqual(dead)
  expect(await usesOf(at, karis)).toEqual(alive)
  expect((await place.run('sessions', 'list', '--sub', 'u-ola')).stdout).toBe('no sessions\n')

  const listed = (await place.run('clients', 'list')).stdout
  expect(listed).toMatch(/^market +The market site +config +enabled +http:\/\/127\.0\.0\.1:9\/backchannel$/m)

  const copy = join(place.folder, 'copy.db')
  expect(await place.run('backup', copy)).toMatchObject({ code: 0, stdout: `copied to ${copy}\n` })
  const opened = new DatabaseSync(copy, { readOnly: true })
  expect(opened.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
  opened.close()
  const { stdout: copied } = await utgang(['users', 'list', '-c', place.config], {
    env: { UTGANG_STORAGE: `sqlite:${copy}` }
  })
  expect(copied).toMatch(/ola@example\.test .* disabled/)
})

test('a key that was rotated beside the server is in its key set before it signs', async () => {
  const place = somewhere()
  const { stdout } = await place.run('keys', 'rotate')
  const kids = stdout.split(':')[0]?.split(' ') ?? []
  const server = await place.serve()
  const { keys } = (await ask(server.origin, '/oauth/jwks')).json<{ keys: { kid: string; d?: string }[] }>()
  expect(keys.map(key => key.kid)).toEqual(expect.arrayContaining(kids))
  expect(keys.some(key => 'd' in key)).toBe(false)
  const signedIn = await signIn(asSystem(server), newBrowser(server.origin), 'news')
  const { kid } = JSON.parse(atob(signedIn.idToken.split('.')[0] ?? ''))
  expect(kids).not.toContain(kid)
})
