import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Auth, createAuth, memorySessions } from '../src/index.ts'
import { openIssuer, registration, secretOf, type TestIssuer } from './support/issuer.ts'
import { newPerson, type Person } from './support/person.ts'
import { adapters, openSite } from './support/sites.ts'

let issuer: TestIssuer
const sites = await Promise.all(
  Object.keys(adapters).map(async (name, i) => {
    const client_id = `site-${i}`
    const { port, use, close } = await openSite()
    return { name, client_id, port, use, close, host: `${client_id}.localhost` }
  })
)
const originOf = ({ host, port }: (typeof sites)[number]): string => `http://${host}:${port}`

beforeAll(async () => {
  issuer = await openIssuer(sites.map(site => registration(site.client_id, originOf(site))))
})
afterAll(() => issuer?.close())

/** What holds in each framework alike, against a real sign-in server. */
describe.each(sites)('$name', site => {
  const origin = originOf(site)
  let auth: Auth
  let person: Person

  beforeAll(async () => {
    auth = createAuth({
      issuer: issuer.issuer,
      client_id: site.client_id,
      client_secret: secretOf(site.client_id),
      origin,
      allow_http: true,
      sessions: memorySessions()
    })
    const applicationOf = adapters[site.name]
    if (!applicationOf) throw new Error(`no adapter ${site.name}`)
    site.use(await applicationOf(auth))
    person = newPerson()
  })
  afterAll(async () => {
    await auth?.close()
    await site.close()
  })

  const me = async (): Promise<unknown> => (await person.ask(`${origin}/me`)).json().sub

  test('a stranger is a stranger', async () => {
    expect(await me()).toBe(null)
    const { status, headers, json } = await person.ask(`${origin}/auth/session`)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(json()).toMatchObject({ status: 'notConnected', cache_seconds: 0 })
    expect((await person.ask(`${origin}/auth/events`)).status).toBe(204)
    expect((await person.post(`${origin}/auth/logout`)).json()).toEqual({ ended: false })
  })

  test('sign-in by redirect leads back to the page that asked for it', async () => {
    const back = await person.signIn(origin, 'ola', '?return_to=/me?a=1')
    expect(back.url.href).toBe(`${origin}/me?a=1`)
    expect(back.json()).toEqual({ sub: 'u-ola' })
    expect((await person.ask(`${origin}/auth/session`)).json()).toMatchObject({
      status: 'connected',
      user_id: 'u-ola',
      display_name: 'ola Nordmann'
    })
  })

  test('logout ends the RP session, then the sign-on session, and tells the page’s stream', async () => {
    const stream = await person.listen(`${origin}/auth/events`)
    expect(stream.status).toBe(200)
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const answer = await person.post(`${origin}/auth/logout`, { client_id: site.client_id })
    expect(answer.json()).toEqual({ ended: true, receipt: expect.any(String) })
    expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await me()).toBe(null)
    expect(await issuer.live()).toBe(0)
    expect(await stream.next()).toEqual({ event: 'logout', data: { by: 'logout' } })
    expect(await stream.next()).toBe(undefined)
  })

  test('a logout elsewhere comes as a Logout Token, and goes on to the page’s stream', async () => {
    await person.signIn(origin, 'kari')
    expect(await me()).toBe('u-kari')
    const stream = await person.listen(`${origin}/auth/events`)
    await issuer.endAllOf('u-kari')
    expect(await stream.next()).toEqual({ event: 'logout', data: { by: 'back_channel' } })
    expect(await stream.next()).toBe(undefined)
    expect(await me()).toBe(null)
  })

  test('a page that goes away takes its stream along', async () => {
    await person.signIn(origin, 'ola')
    // More than one session may have at once, had the earlier ones stayed.
    for (let i = 0; i < 25; i++) {
      const stream = await person.listen(`${origin}/auth/events`)
      expect(stream.status).toBe(200)
      stream.close()
    }
    await person.post(`${origin}/auth/logout`)
  })

  test('a body that is no Logout Token is refused in JSON', async () => {
    const answer = await person.ask(`${origin}/auth/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: 'nonsense' })
    })
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ error: 'invalid_request' })
  })

  test('a body that is far too large is refused, the refusal arrives, and the next request is answered', async () => {
    const body = `logout_token=${'x'.repeat(3_000_000)}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const ask = async (path: string): Promise<number> => {
      // Hono's server hangs up after such a request; on a connection of its own that disturbs nobody.
      const reset = site.name === 'hono'
      const address = `http://127.0.0.1:${site.port}${path}`
      const answer = await request(address, { method: 'POST', headers, body, reset })
      await answer.body.dump()
      return answer.statusCode
    }
    // 413: Express's own parser was first.
    expect([400, 413]).toContain(await ask('/auth/backchannel-logout'))
    expect([403, 413]).toContain(await ask('/auth/logout'))
    expect((await request(`http://127.0.0.1:${site.port}/me`)).statusCode).toBe(200)
  })

  test('what is not the kit’s is the application’s', async () => {
    for (const path of ['/auth', '/auth/other', '/auth/login/', '/authors', '/'])
      expect((await person.ask(origin + path)).status, path).toBe(404)
    expect((await person.ask(`${origin}/auth/logout`)).status).toBe(405)
  })
})
