import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { outgoing } from '../src/outgoing.ts'
import { type App, endSession, openApp, unreachable } from './support/app.ts'

let app: App
afterEach(() => app?.close())

const logoutOf = (): Promise<Response | undefined> => app.auth.handle(request())

/** The request of a page's script, with the cookies of the person. */
function request(headers: Record<string, string> = {}): Request {
  const cookie = [...app.person.cookies(app.origin)].map(it => it.join('=')).join('; ')
  return new Request(`${app.origin}/auth/logout`, {
    method: 'POST',
    headers: { cookie, origin: app.origin, 'content-type': 'application/json', ...headers },
    body: '{}'
  })
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('logout', () => {
  beforeEach(async () => {
    app = await openApp({ after_logout: '/bye' })
    await app.person.signIn(app.origin)
  })

  test('while the issuer is asked, nobody is signed in any more', async () => {
    const seen: unknown[] = []
    app.before.set(endSession, async () => {
      seen.push(await app.me(), (await app.person.ask(`${app.origin}/auth/session`)).json().status)
    })
    expect((await app.person.copy().post(`${app.origin}/auth/logout`)).json().ended).toBe(true)
    expect(seen).toEqual([null, 'notConnected'])
    // The question in between did not take the cookie: had the issuer failed, it would be needed.
    expect(app.person.cookies(app.origin).has('utgang-rp')).toBe(true)
  })

  test('the answer comes after the session is gone, however long the store takes', async () => {
    const happened: string[] = []
    const { endBySid } = app.store
    app.store.endBySid = async (...given) => {
      const ended = await endBySid(...given)
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      if (given[2] === 'logout') happened.push('gone')
      return ended
    }
    happened.push(String((await logoutOf())?.status))
    expect(happened).toEqual(['gone', '200'])
    expect(await app.me()).toBe(null)
  })

  test('an issuer that cannot be reached: 502, everything is as it was, and the next attempt ends it', async () => {
    const before = await app.auth.session(request())
    app.before.set(endSession, unreachable)
    const answer = await app.person.post(`${app.origin}/auth/logout`)
    expect(answer.status).toBe(502)
    expect(answer.json()).toMatchObject({ error: 'sign_in_server_unreachable' })
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(answer.headers.get('clear-site-data')).toBe(null)
    expect(await app.me()).toBe('u-ola')
    expect(await app.auth.session(request())).toEqual(before)
    expect(app.errors).toMatchObject([{ code: 'issuer_unreachable' }])
    app.before.delete(endSession)
    expect((await app.person.post(`${app.origin}/auth/logout`)).json()).toMatchObject({ ended: true })
    expect([await app.me(), await app.issuer.live()]).toEqual([null, 0])
  })

  test('a sign-on session that the issuer has forgotten is no failure', async () => {
    const [key, session] = await app.entry()
    await app.store.end(key, 'logout')
    await app.store.create(key, { ...session, sid: 'unknown' })
    expect((await app.person.post(`${app.origin}/auth/logout`)).json()).toEqual({
      ended: true,
      receipt: null
    })
    expect(await app.me()).toBe(null)
  })

  test('a sign-on session that is over already is no failure', async () => {
    // The application is told by a Logout Token; here it has not come yet.
    app.before.set(endSession, async () => {
      app.before.delete(endSession)
      await app.issuer.endAllOf('u-ola')
    })
    expect((await app.person.post(`${app.origin}/auth/logout`)).json()).toMatchObject({ ended: true })
    expect(await app.me()).toBe(null)
  })

  test('a double click is one logout', async () => {
    const answers = await Promise.all([logoutOf(), logoutOf(), logoutOf()])
    const said = await Promise.all(answers.map(it => it?.json()))
    expect(said[0]).toEqual({ ended: true, receipt: expect.any(String) })
    expect(said).toEqual([said[0], said[0], said[0]])
    expect(app.asked.filter(it => it === endSession)).toHaveLength(1)
    expect(await (await logoutOf())?.json()).toEqual({ ended: false })
  })

  test('two tabs, two processes of the application: both are told that it has ended', async () => {
    const another = app.another()
    const answers = await Promise.all([logoutOf(), another.handle(request())])
    for (const it of answers) expect(await it?.json()).toMatchObject({ ended: true })
    expect([await app.me(), await app.issuer.live()]).toEqual([null, 0])
  })

  test('one process fails, another succeeds: it has ended', async () => {
    const another = app.another()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let calls = 0
    app.before.set(endSession, async () => {
      if (++calls > 1) return
      first.resolve()
      await second.promise
      unreachable()
    })
    const failing = logoutOf()
    await first.promise
    expect(await (await another.handle(request()))?.json()).toMatchObject({ ended: true })
    second.resolve()
    expect((await failing)?.status).toBe(502)
    expect(await app.me()).toBe(null)
  })

  test('a process that died in the middle: after ten seconds the session is there again', async () => {
    const [key = '', session] = await app.entry()
    const now = Math.floor(Date.now() / 1000)
    await app.store.replace(key, { ...session, endingAt: now })
    expect(await app.me()).toBe(null)
    await app.store.replace(key, { ...session, endingAt: now - 11 })
    expect(await app.me()).toBe('u-ola')
    // Whoever clicks again need not wait.
    await app.store.replace(key, { ...session, endingAt: now })
    expect((await app.person.post(`${app.origin}/auth/logout`)).json()).toMatchObject({ ended: true })
    expect(await app.issuer.live()).toBe(0)
  })

  test('what another tab signs in meanwhile by the ended session goes too', async () => {
    const other = app.person.copy()
    app.after.set(endSession, async () => {
      // The code was exchanged before, the RP session is made now.
      const [, session] = await app.entry()
      expect(await app.store.create('another-tab', { ...session, endingAt: undefined })).toBe(true)
    })
    await app.person.post(`${app.origin}/auth/logout`)
    expect(await app.store.find('another-tab')).toBe(undefined)
    expect(await app.me(other)).toBe(null)
  })

  const strangers: [string, Record<string, string>, number][] = [
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['a sibling host', { origin: 'http://other.localhost:1', 'sec-fetch-site': 'same-site' }, 403],
    ['a page without origin', { origin: 'null' }, 403],
    ['another site that names this origin', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another site’s form', { origin: 'https://evil.example', ...form }, 403],
    ['this site, as plain text', { 'content-type': 'text/plain' }, 415],
    ['this site, as an upload', { 'content-type': 'multipart/form-data; boundary=x' }, 415]
  ]
  test.each(strangers)('asked by %s: refused, nothing has ended', async (_who, headers, status) => {
    const answer = await app.auth.handle(request(headers))
    expect(answer?.status).toBe(status)
    expect(await app.me()).toBe('u-ola')
    expect(await app.issuer.live()).toBe(1)
  })

  test('without Origin, as no browser asks: refused', async () => {
    const asked = request()
    asked.headers.delete('origin')
    expect((await app.auth.handle(asked))?.status).toBe(403)
    expect(await app.me()).toBe('u-ola')
  })

  test('a form of this site, without JavaScript, leads to after_logout', async () => {
    const answer = await app.auth.handle(request(form))
    expect([answer?.status, answer?.headers.get('location')]).toEqual([303, `${app.origin}/bye`])
    expect(answer?.headers.get('clear-site-data')).toBe('"cache", "storage"')
    expect([await app.me(), await app.issuer.live()]).toEqual([null, 0])
  })

  test('a form while the issuer cannot be reached: a page says that nothing has ended', async () => {
    app.before.set(endSession, unreachable)
    const answer = await app.auth.handle(request(form))
    expect(answer?.status).toBe(502)
    expect(await answer?.text()).toContain('You are still signed in')
    expect(await app.me()).toBe('u-ola')
  })

  test('a store that fails: 500, and a report', async () => {
    app.store.replace = () => Promise.reject(new Error('disk full'))
    const answer = await app.person.post(`${app.origin}/auth/logout`)
    expect([answer.status, answer.json().error]).toEqual([500, 'server_error'])
    expect(app.errors).toMatchObject([{ message: 'disk full' }])
  })
})

test('an issuer that refuses: 502 with another word, everything is as it was', async () => {
  app = await openApp({}, { may_end_sessions: false })
  await app.person.signIn(app.origin)
  const answer = await app.person.post(`${app.origin}/auth/logout`)
  expect([answer.status, answer.json().error]).toEqual([502, 'sign_in_server_refused'])
  expect(await app.me()).toBe('u-ola')
})

test.each([
  [429, 'sign_in_server_unreachable'],
  [503, 'sign_in_server_unreachable'],
  [403, 'sign_in_server_refused'],
  [200, 'sign_in_server_unreachable']
])('an issuer that answers %i and ends nothing: 502 %s, everything is as it was', async (status, error) => {
  const out = outgoing()
  app = await openApp({
    fetch: async (input, init) =>
      new URL(input).pathname === endSession
        ? Response.json({ error: 'something' }, { status })
        : out.fetch(input, init)
  })
  await app.person.signIn(app.origin)
  const answer = await app.person.post(`${app.origin}/auth/logout`)
  await out.close()
  expect([answer.status, answer.json().error]).toEqual([502, error])
  expect(await app.me()).toBe('u-ola')
})
