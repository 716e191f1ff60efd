import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, openApp } from './support/app.ts'
import { newPerson, type Shown } from './support/person.ts'

let app: App
let sid: string
beforeEach(async () => {
  app = await openApp()
  await app.person.signIn(app.origin)
  sid = (await app.person.ask(`${app.origin}/auth/session`)).json<{ sid: string }>().sid
})
afterEach(() => app?.close())

/** What the frame of the issuer's page asks for: no cookie comes along. */
const frame = (query: Record<string, string> | string[][], who = newPerson()): Promise<Shown> =>
  who.ask(`${app.origin}/auth/frontchannel-logout?${new URLSearchParams(query)}`, {
    headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' }
  })

test('FCL-10: iss and sid end the session, without a cookie; kept nowhere, framed by the issuer alone', async () => {
  const stream = await app.person.listen(`${app.origin}/auth/events`)
  const answer = await frame({ iss: app.issuer.issuer, sid })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('content-security-policy')).toBe(
    `default-src 'none'; frame-ancestors ${app.issuer.issuer}`
  )
  expect(answer.headers.get('x-frame-options')).toBe(null)
  expect(await app.me()).toBe(null)
  expect(await stream.next()).toEqual({ event: 'logout', data: { by: 'front_channel' } })
})

test('FCL-10: where the cookie comes along, it goes', async () => {
  const answer = await frame({ iss: app.issuer.issuer, sid }, app.person)
  expect(answer.headers.getSetCookie()).toEqual(['utgang-rp=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0'])
})

test('FCL-11: another issuer, another sid, or one of them alone ends nothing', async () => {
  const iss = app.issuer.issuer
  const wrong: [Record<string, string>, number][] = [
    [{ iss: 'https://id.example.org', sid }, 400],
    [{ iss: `${iss}/`, sid }, 400],
    [{ sid }, 400],
    [{ iss }, 400],
    [{}, 400],
    [{ iss, sid: '' }, 400],
    [{ iss, sid: 'x'.repeat(300) }, 400],
    [{ iss, sid: `${sid}\0` }, 400],
    // One that is not there may have ended already.
    [{ iss, sid: `${sid}x` }, 200]
  ]
  for (const [query, status] of wrong) {
    const answer = await frame(query, app.person)
    expect(answer.status, JSON.stringify(query)).toBe(status)
    expect(answer.headers.getSetCookie()).toEqual([])
  }
  expect(
    (
      await frame([
        ['iss', iss],
        ['sid', sid],
        ['sid', 'x']
      ])
    ).status
  ).toBe(400)
  expect(await app.me()).toBe('u-ola')
})
