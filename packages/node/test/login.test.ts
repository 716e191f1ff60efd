import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { outgoing } from '../src/outgoing.ts'
import { type App, openApp, unreachable } from './support/app.ts'
import { newPerson, type Person, type Shown } from './support/person.ts'

let app: App
beforeEach(async () => {
  app = await openApp()
})
afterEach(() => app?.close())

/** Begins a sign-in of somebody who is signed on already, and stops where the issuer's answer would be opened. */
async function untilCallback(person: Person, query = ''): Promise<string> {
  const toIssuer = await person.ask(`${app.origin}/auth/login${query}`)
  const back = await person.ask(toIssuer.headers.get('location') ?? '')
  const address = back.headers.get('location') ?? ''
  expect(address).toContain(`${app.origin}/auth/callback?`)
  return address
}

/** Signed on at the issuer, and not at the application. */
async function signedOn(person = app.person): Promise<void> {
  await person.signIn(app.origin)
  person.cookies(app.origin).clear()
}

const codeOn = ({ text }: Shown): string | undefined => /data-code="([^"]*)"/.exec(text)?.[1]

describe('where a sign-in leads', () => {
  const local = ['/me', '/me?a=1&b=%2F', '/a/b#c', '/søk?q=æ']
  test.each(local)('%s is a path of this site', async path => {
    const back = await app.person.signIn(app.origin, 'ola', `?return_to=${encodeURIComponent(path)}`)
    expect(back.url.href).toBe(new URL(path, app.origin).href)
  })

  const foreign = [
    ...['//evil.example', '/\\evil.example', '\\\\evil.example', 'https://evil.example/', 'evil', ''],
    ...['/\t/evil.example', '/\n/evil.example', ' //evil.example', '/.//evil.example', '/a/..//evil.example'],
    ...[
      'javascript:alert(1)',
      '@evil.example',
      '/auth/login',
      '/x/../auth/session',
      `/${'x'.repeat(3000)}`,
      `/${'å'.repeat(1000)}`
    ]
  ]
  test.each(foreign)('%j leads to the front page', async path => {
    const back = await app.person.signIn(app.origin, 'ola', `?return_to=${encodeURIComponent(path)}`)
    expect(back.url.href).toBe(`${app.origin}/`)
    expect(await app.me()).toBe('u-ola')
  })
})

describe('the session', () => {
  test('its cookie is out of reach of scripts and of other sites', async () => {
    await signedOn()
    const { headers } = await app.person.ask(await untilCallback(app.person))
    const line = headers.getSetCookie().find(it => it.startsWith('utgang-rp='))
    expect(line).toMatch(/^utgang-rp=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/)
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('the store never sees the cookie', async () => {
    const keys: string[] = []
    const { create } = app.store
    app.store.create = (key, session) => {
      keys.push(JSON.stringify([key, session]))
      return create(key, session)
    }
    await app.person.signIn(app.origin)
    const cookie = app.person.cookies(app.origin).get('utgang-rp') ?? ''
    expect(cookie).toMatch(/^[\w-]{43}$/)
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toContain(cookie)
  })

  test('each sign-in has a new id: one that was planted signs nobody in', async () => {
    const planted = 'p'.repeat(43)
    app.person.cookies(app.origin).set('utgang-rp', planted)
    await app.person.signIn(app.origin)
    const thief = newPerson()
    thief.cookies(app.origin).set('utgang-rp', planted)
    expect(await app.me()).toBe('u-ola')
    expect(await app.me(thief)).toBe(null)
  })

  test('the same person again: the earlier id is over', async () => {
    await app.person.signIn(app.origin)
    const before = app.person.copy()
    await app.person.signIn(app.origin)
    expect(await app.me()).toBe('u-ola')
    expect(await app.me(before)).toBe(null)
  })

  test('somebody else: the earlier session has ended, though no Logout Token came', async () => {
    await app.close()
    app = await openApp({}, { backchannel_logout_uri: undefined })
    const ended: string[] = []
    app.store.onEnded(it => void ended.push(it.by))
    await app.person.signIn(app.origin, 'ola')
    const before = app.person.copy()
    await app.person.signIn(app.origin, 'kari', '?prompt=login')
    expect(await app.me()).toBe('u-kari')
    expect(await app.me(before)).toBe(null)
    expect(ended).toEqual(['switched'])
  })

  test('a cookie that comes twice is nobody’s', async () => {
    await app.person.signIn(app.origin)
    const cookie = app.person.cookies(app.origin).get('utgang-rp')
    const headers = { cookie: `utgang-rp=${'x'.repeat(43)}; utgang-rp=${cookie}` }
    expect((await newPerson().ask(`${app.origin}/me`, { headers })).json()).toEqual({ sub: null })
  })
})

describe('who comes back must be who set out', () => {
  test('an answer of another browser’s sign-in signs nobody in', async () => {
    await signedOn()
    const address = await untilCallback(app.person)
    const victim = newPerson()
    const page = await victim.open(address)
    expect([page.status, codeOn(page)]).toEqual([400, 'unknown_sign_in'])
    expect(await app.me(victim)).toBe(null)
    // Nor does a victim who has a sign-in of their own under way.
    await victim.ask(`${app.origin}/auth/login`)
    expect(codeOn(await victim.open(address))).toBe('unknown_sign_in')
    expect(await app.me(victim)).toBe(null)
  })

  test('an answer counts once', async () => {
    await signedOn()
    const address = await untilCallback(app.person)
    const thief = app.person.copy()
    await app.person.ask(address)
    expect(await app.me()).toBe('u-ola')
    // The back button: no failure, and no second session.
    const cookie = app.person.cookies(app.origin).get('utgang-rp')
    expect((await app.person.ask(address)).headers.get('location')).toBe(`${app.origin}/`)
    expect(app.person.cookies(app.origin).get('utgang-rp')).toBe(cookie)
    expect(codeOn(await thief.open(address))).toBe('invalid_grant')
    expect(await app.me(thief)).toBe(null)
  })

  const altered: [string, (address: URL) => void][] = [
    ['another state', it => it.searchParams.set('state', 'x')],
    [
      'a state with the same beginning',
      it => it.searchParams.set('state', `${it.searchParams.get('state')}x`)
    ],
    ['no state', it => it.searchParams.delete('state')],
    ['another issuer', it => it.searchParams.set('iss', 'https://id.example.org')],
    ['no issuer', it => it.searchParams.delete('iss')],
    ['another code', it => it.searchParams.set('code', 'x')],
    ['no code', it => it.searchParams.delete('code')]
  ]
  test.each(altered)('%s: not signed in, and a page says so', async (_what, alter) => {
    await signedOn()
    const address = new URL(await untilCallback(app.person))
    alter(address)
    const page = await app.person.open(address.href)
    expect(page.status).toBe(400)
    expect(codeOn(page)).toBeTruthy()
    expect(await app.me()).toBe(null)
  })

  test('a code of another sign-in of this browser, as an attacker could slip in, is refused', async () => {
    await signedOn()
    const first = new URL(await untilCallback(app.person))
    const second = new URL(await untilCallback(app.person))
    second.searchParams.set('code', first.searchParams.get('code') ?? '')
    expect((await app.person.open(second.href)).status).toBe(400)
    expect(await app.me()).toBe(null)
  })
})

describe('several at once', () => {
  test('tabs do not disturb each other, in whichever order they come back', async () => {
    await signedOn()
    const first = await untilCallback(app.person, '?return_to=/me?tab=1')
    const second = await untilCallback(app.person, '?return_to=/me?tab=2')
    for (const [address, tab] of [
      [second, 2],
      [first, 1]
    ] as const) {
      const page = await app.person.open(address)
      expect(page.url.href).toBe(`${app.origin}/me?tab=${tab}`)
      expect(page.json()).toEqual({ sub: 'u-ola' })
    }
  })

  test('sign-ins that nobody finished do not fill the cookies', async () => {
    for (let i = 0; i < 12; i++) await app.person.ask(`${app.origin}/auth/login`)
    expect([...app.person.cookies(app.origin).keys()].length).toBeLessThanOrEqual(5)
    await app.person.signIn(app.origin)
    expect(await app.me()).toBe('u-ola')
  })
})

describe('what can come of it instead', () => {
  test('prompt=none with nobody signed on: back to the page, a stranger', async () => {
    const back = await app.person.open(`${app.origin}/auth/login?prompt=none&return_to=/me`)
    expect(back.url.href).toBe(`${app.origin}/me`)
    expect(back.json()).toEqual({ sub: null })
  })

  test('prompt=none with somebody signed on: signed in without a page', async () => {
    await signedOn()
    const back = await app.person.open(`${app.origin}/auth/login?prompt=none&return_to=/me`)
    expect(back.json()).toEqual({ sub: 'u-ola' })
  })

  test.each(['<b>"x', '__proto__', 'constructor', 'toString'])(
    'what the issuer says is shown as text: %s',
    async error => {
      const { headers } = await app.person.ask(`${app.origin}/auth/login`)
      const state = new URL(headers.get('location') ?? '').searchParams.get('state')
      const query = new URLSearchParams({ state: state ?? '', error, iss: app.issuer.issuer })
      const page = await app.person.open(`${app.origin}/auth/callback?${query}`)
      expect(page.status).toBe(400)
      expect(page.text).not.toContain('<b>')
      expect(page.text).toContain('The sign-in server did not answer as it should.')
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(app.errors).toHaveLength(1)
    }
  )

  test('an issuer that is down at the start: a page says so, and it works once it is up', async () => {
    const discovery = '/.well-known/openid-configuration'
    app.before.set(discovery, unreachable)
    const page = await app.person.open(`${app.origin}/auth/login?return_to=/me`)
    expect([page.status, codeOn(page)]).toEqual([503, 'issuer_unreachable'])
    expect(page.text).toContain('/auth/login?return_to=%2Fme')
    expect(await app.me()).toBe(null)
    app.before.delete(discovery)
    await app.person.signIn(app.origin)
    expect(await app.me()).toBe('u-ola')
  })

  test('an issuer that is written otherwise than it calls itself is told before anything goes wrong by it', async () => {
    await app.close()
    app = await openApp(({ issuer }) => ({ issuer: `${issuer}/` }))
    const page = await app.person.open(`${app.origin}/auth/login`)
    expect([page.status, codeOn(page)]).toEqual([503, 'issuer_unreachable'])
    expect(app.errors).toMatchObject([
      { message: expect.stringMatching(/it calls itself .*: give that as issuer/) }
    ])
  })

  test.each(['/oauth/token', '/oauth/userinfo', '/oauth/jwks'])(
    'an issuer that fails at %s: not signed in, a page, a report',
    async path => {
      app.before.set(path, unreachable)
      const page = await app.person.signIn(app.origin)
      expect([page.status, codeOn(page)]).toEqual([400, 'sign_in_failed'])
      expect(await app.me()).toBe(null)
      expect(app.errors).toHaveLength(1)
    }
  )

  test('an answer with tokens that makes no sense: what is reported of it holds none of them, however deep', async () => {
    const out = outgoing()
    const given: string[] = []
    await app.close()
    app = await openApp({
      async fetch(input, init) {
        const answer = await out.fetch(input, init)
        if (new URL(input).pathname !== '/oauth/token') return answer
        const tokens = (await answer.json()) as { access_token: string; id_token: string }
        given.push(tokens.access_token, tokens.id_token)
        return Response.json({ ...tokens, token_type: 7 })
      }
    })
    const page = await app.person.signIn(app.origin)
    await out.close()
    expect(codeOn(page)).toBe('sign_in_failed')
    expect(app.errors).toMatchObject([{ message: expect.stringContaining('response') }])
    const reported = inspect(app.errors, { depth: Number.POSITIVE_INFINITY, showHidden: true })
    expect(given.map(it => it.length > 20 && reported.includes(it))).toEqual([false, false])
  })

  test('a Logout Token that overtakes the sign-in wins', async () => {
    // It comes in after the issuer has given everything, before there is an RP session.
    app.after.set('/oauth/userinfo', async () => {
      const heard = Promise.withResolvers<void>()
      const { endBySid } = app.store
      app.store.endBySid = (...given) => endBySid(...given).finally(heard.resolve)
      await app.issuer.endAllOf('u-ola')
      await heard.promise
    })
    const page = await app.person.signIn(app.origin)
    expect([page.status, codeOn(page)]).toEqual([400, 'invalid_grant'])
    expect(await app.me()).toBe(null)
    app.after.clear()
    await app.person.signIn(app.origin)
    expect(await app.me()).toBe('u-ola')
  })
})
