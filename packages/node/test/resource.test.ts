import { afterEach, expect, test } from 'vitest'
import { requireToken } from '../src/tokens/index.ts'
import { type App, openApp } from './support/app.ts'

const api = 'https://api.example/'

let app: App
afterEach(() => app?.close())

/** An application whose issuer knows the API, by tokens of this form. */
const open = (access_token_format: 'jwt' | 'opaque', resource: string | undefined = api): Promise<App> =>
  openApp(
    { resource, scope: 'openid profile articles' },
    { scope: 'openid profile articles' },
    {
      resources: [{ resource: api, access_token_format, scope: 'articles', introspected_by: ['site'] }],
      status_list_seconds: 5
    }
  )

const cookies = (): string => [...app.person.cookies(app.origin)].map(it => it.join('=')).join('; ')
const accessToken = (): Promise<string | undefined> =>
  app.auth.accessToken({ headers: { cookie: cookies() } })

/** What the API says of a token: whose, and what for. */
async function atTheApi(token: string | undefined): Promise<unknown> {
  const guard = requireToken({
    issuer: app.issuer.issuer,
    audience: api,
    allow_http: true,
    scope: 'articles',
    jwt: {},
    introspection: { client_id: 'site', client_secret: 'site-secret-of-the-tests' }
  })
  const { token: found, refusal } = await guard.check({ headers: { authorization: `Bearer ${token}` } })
  await guard.close()
  return found ? [found.sub, found.aud, found.scope] : refusal?.status
}

const good = ['u-ola', [api], ['articles']]

test.each(['jwt', 'opaque'] as const)(
  'the API that is named takes the access token, a refreshed one too (%s), and the person has a name',
  async format => {
    app = await open(format)
    await app.person.signIn(app.origin)
    const first = await accessToken()
    expect(first?.includes('.')).toBe(format === 'jwt')
    expect(await atTheApi(first)).toEqual(good)
    const shown = (await app.person.ask(`${app.origin}/auth/session`)).json()
    expect(shown).toMatchObject({ status: 'connected', user_id: 'u-ola', display_name: 'ola Nordmann' })

    const [key, session] = await app.entry()
    await app.store.replace(key, { ...session, accessTokenExpiresAt: 0 })
    const second = await accessToken()
    expect(second).not.toBe(first)
    expect(await atTheApi(second)).toEqual(good)
  }
)

test('without it the token is not for that API', async () => {
  app = await openApp(
    { scope: 'openid profile articles' },
    { scope: 'openid profile articles' },
    { resources: [{ resource: api, introspected_by: ['site'] }] }
  )
  await app.person.signIn(app.origin)
  expect(await atTheApi(await accessToken())).toBe(401)
})

test('a session from before it was named has no token for it, is signed in, and gets one by the next sign-in', async () => {
  app = await open('opaque')
  await app.person.signIn(app.origin)
  const [key, session] = await app.entry()
  // As the application was before: the same client, without the option.
  const before = app.another({ resource: undefined })
  const begun = await before.handle(
    new Request(`${app.origin}/auth/login`, { headers: { cookie: cookies() } })
  )
  for (const line of begun?.headers.getSetCookie() ?? []) {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
    app.person.cookies(app.origin).set(name, value)
  }
  const back = await app.person.ask(begun?.headers.get('location') ?? '')
  const answer = await before.handle(
    new Request(back.headers.get('location') ?? '', { headers: { cookie: cookies() } })
  )
  expect(answer?.status).toBe(303)
  const cookie = /utgang-rp=([\w-]+)/.exec(answer?.headers.getSetCookie().join() ?? '')?.[1] ?? ''
  app.person.cookies(app.origin).set('utgang-rp', cookie)
  const [oldKey, old] = await app.entry()
  expect(oldKey).not.toBe(key)
  expect(old.accessToken).not.toBe(session.accessToken)
  await app.store.replace(oldKey, { ...old, accessTokenExpiresAt: 0 })
  expect(await accessToken()).toBe(undefined)
  expect(await app.me()).toBe('u-ola')
  await app.person.signIn(app.origin)
  expect(await atTheApi(await accessToken())).toEqual(good)
})

test('an API that the issuer does not know: not signed in, a page, a report', async () => {
  app = await open('jwt', 'https://unknown.example/')
  const page = await app.person.open(`${app.origin}/auth/login`)
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('data-code="invalid_target"')])
  expect(await app.me()).toBe(null)
  expect(app.errors).toMatchObject([{ error: 'invalid_target' }])
})
