import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { sidFor } from '../../src/sessions/sid.ts'
import { all, byId, parsePage, textOf } from '../pages/parse-page.ts'
import type { Answer } from '../support/browser.ts'
import { clients, issuer, secretOf } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { bye, hintOf, isLive, logoutPath, type Person, signedIn, tokenFor } from './redirect-kit.ts'

/** An application that only its frame can tell. */
const framed = (clientId: string, more: object = {}) => ({
  client_id: clientId,
  client_secret: secretOf(clientId),
  client_name: `The ${clientId} site`,
  redirect_uris: [`https://${clientId}.example/callback`],
  post_logout_redirect_uris: [`https://${clientId}.example/bye`],
  frontchannel_logout_uri: `https://${clientId}.example/out?kept=1`,
  ...more
})

const classicFrame = 'https://classic.example/out'

const config = {
  clients: [
    // One that people sign in to by the ordinary way.
    ...clients.map(it =>
      it.client_id === 'classic' ? { ...it, frontchannel_logout_uri: classicFrame } : it
    ),
    framed('paper'),
    framed('radio', { frontchannel_logout_session_required: true }),
    framed('both', { backchannel_logout_uri: 'http://127.0.0.1:9/both' }),
    framed('odd', {
      redirect_uris: ['https://odd;x.example/callback'],
      frontchannel_logout_uri: 'https://odd;x.example/out'
    })
  ],
  logout_wait_ms: 0
}

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config })
})
afterAll(() => at.close())

const framesOn = (page: Answer): string[] =>
  all(parsePage(page.text), 'iframe').map(it => it.attributes.src ?? '')
const onwardOn = (page: Answer): string | undefined => byId(parsePage(page.text), 'continue')?.attributes.href
const refreshOn = (page: Answer): string | undefined =>
  all(parsePage(page.text), 'meta').find(it => it.attributes['http-equiv'] === 'refresh')?.attributes.content
const frame = (clientId: string, { uid }: Person): string =>
  `https://${clientId}.example/out?kept=1&iss=${encodeURIComponent(issuer)}&sid=${sidFor(uid, clientId)}`

/** Logs a person out by SPiD's names, on to the address of `news`, and gives the page that she then sees. */
async function pageAfterLogout(person: Person): Promise<Answer> {
  const page = await person.browser.visit(logoutPath({ client_id: 'news', redirect_uri: bye }))
  expect(page.path).toMatch(/^\/logout\/front-channel\?page=[\w-]+$/)
  return page
}

test('FCL-01: the metadata say that it is there, with sessions', async () => {
  for (const document of ['openid-configuration', 'oauth-authorization-server'])
    expect((await at.ask(`/.well-known/${document}`)).json()).toMatchObject({
      frontchannel_logout_supported: true,
      frontchannel_logout_session_supported: true
    })
})

test('FCL-05: iss and sid are those of the ID Token', async () => {
  const browser = at.browser()
  const { iss, sid } = decodeJwt((await signIn(at, browser, 'classic')).idToken)
  const [src = ''] = framesOn(await browser.visit('/logout?client_id=classic'))
  const { searchParams } = new URL(src)
  expect(iss).toBe(issuer)
  expect([searchParams.get('iss'), searchParams.get('sid')]).toEqual([iss, sid])
})

test('FCL-04, FCL-06: one frame with iss and sid for each application of this session that only a page can tell', async () => {
  const other = await signedIn(at, 'u-ola', ['radio'])
  const person = await signedIn(at, 'u-ola', ['news', 'market', 'both', 'paper', 'radio'])
  expect(framesOn(await pageAfterLogout(person))).toEqual([frame('paper', person), frame('radio', person)])
  const third = await signedIn(at, 'u-kari', ['news', 'paper'])
  expect(framesOn(await pageAfterLogout(third))).toEqual([frame('paper', third)])
  expect(await isLive(at, other)).toBe(true)
})

test('a second click whose first answer got lost comes past the frames too', async () => {
  const person = await signedIn(at, 'u-ola', ['news', 'paper'])
  const unheard = person.browser.copy()
  const [first, second] = [
    await pageAfterLogout(person),
    await pageAfterLogout({ ...person, browser: unheard })
  ]
  expect(framesOn(second)).toEqual(framesOn(first))
})

test.each([
  ['of a logout half a minute ago', 'redirect', 31],
  ['of a session that an administrator has ended', 'admin_session', 0]
] as const)('a cookie %s brings no receipt and no frames', async (_what, name, seconds) => {
  const person = await signedIn(at, 'u-ola', ['news', 'paper'])
  await at.system.heart.end({ name, sessionUid: person.uid, sub: person.sub })
  advance(seconds)
  const answer = await person.browser.go(logoutPath({ client_id: 'news', redirect_uri: bye }))
  expect(answer).toMatchObject({ status: 303, location: bye })
  expect(answer.headers['utgang-receipt']).toBeUndefined()
})

test('FCL-08: one that is told from server to server gets no frame', async () => {
  const person = await signedIn(at, 'u-ola', ['news', 'both'])
  const answer = await person.browser.go(logoutPath({ client_id: 'news', redirect_uri: bye }))
  expect(answer).toMatchObject({ status: 303, location: bye })
  const deliveries = await at.storage.listDeliveries(String(answer.headers['utgang-receipt']))
  expect(deliveries.map(it => it.clientId)).toEqual(['both'])
})

test('RPI-10: whoever can be told from server to server is told before the frames, and the frames come before the address', async () => {
  const happened: string[] = []
  const receiver = createServer((request, response) => {
    happened.push(`told: ${request.url}`)
    response.end()
  })
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void receiver.close())
  const { port } = receiver.address() as AddressInfo
  const told = (clientId: string) => ({ backchannel_logout_uri: `http://127.0.0.1:${port}/${clientId}` })
  const all = [
    framed('paper'),
    framed('both', told('both')),
    framed('wire', { ...told('wire'), frontchannel_logout_uri: undefined })
  ]
  const own = await startSystem({
    config: { clients: all, allow_private_addresses: true, logout_wait_ms: 10_000 }
  })
  const person = await signedIn(own, 'u-ola', ['paper', 'both', 'wire'])
  const params = {
    id_token_hint: await hintOf(own, person, 'wire'),
    post_logout_redirect_uri: 'https://wire.example/bye'
  }
  const answer = await person.browser.go(logoutPath(params))
  expect(happened.toSorted()).toEqual(['told: /both', 'told: /wire'])
  const page = await person.browser.follow(answer)
  expect(framesOn(page)).toEqual([frame('paper', person)])
  expect(onwardOn(page)).toBe('https://wire.example/bye')
  const receipt = await own.ask(`/logout/receipts/${answer.headers['utgang-receipt']}`)
  expect(receipt.json()).toMatchObject({ applications: { delivered: 2, requested: 1 } })
})

test('FCL-12: an address that could say something in the page’s policy is not framed', async () => {
  const person = await signedIn(at, 'u-ola', ['news', 'odd'])
  const params = logoutPath({ client_id: 'news', redirect_uri: bye })
  expect((await person.browser.go(params)).location).toBe(bye)
})

describe('FCL-07: every way of a logout goes past the frames and on', () => {
  test('SPiD’s, with an address, to which nothing is added', async () => {
    const page = await pageAfterLogout(await signedIn(at, 'u-ola', ['news', 'paper']))
    expect(page.status).toBe(200)
    expect(onwardOn(page)).toBe(bye)
    expect(refreshOn(page)).toBe(`4;url=${bye}`)
    expect(textOf(byId(parsePage(page.text), 'continue') ?? parsePage(''))).toBe('Go on to The news site')
  })

  test('OpenID Connect’s: state goes back after them', async () => {
    const person = await signedIn(at, 'u-ola', ['paper'])
    const hint = await hintOf(at, person, 'paper')
    const address = 'https://paper.example/bye'
    const state = '"><&;url=\'https://evil.example'
    const page = await person.browser.visit(
      logoutPath({ id_token_hint: hint, post_logout_redirect_uri: address, state })
    )
    expect(page.path).not.toContain(hint)
    const target = `${address}?state=${encodeURIComponent(state)}`
    expect(onwardOn(page)).toBe(target)
    expect(refreshOn(page)).toBe(`4;url=${target}`)
  })

  test('after the confirmation', async () => {
    const person = await signedIn(at, 'u-ola', ['paper'])
    const asked = await person.browser.go('/logout?ui_locales=nb')
    const page = await person.browser.follow(await person.browser.submit(asked, {}, 'confirm-logout'))
    expect(framesOn(page)).toHaveLength(1)
    expect(onwardOn(page)).toBe('/logout/signed-out?ui_locales=nb')
    expect(page.text).toContain('Du er logget ut')
  })

  test('in the language of the browser where none was asked for', async () => {
    const person = await signedIn(at, 'u-ola', ['paper'])
    const asked = await person.browser.go('/logout')
    const out = await person.browser.submit(asked, {}, 'confirm-logout')
    const page = await person.browser.go(String(out.location), { headers: { 'accept-language': 'nb' } })
    expect(page.text).toContain('Du er logget ut')
  })

  test('by a post from another site, with a token', async () => {
    const person = await signedIn(at, 'u-ola', ['paper'])
    const token = await tokenFor(at, 'paper', 'u-ola')
    const form = { client_id: 'paper', oauth_token: token }
    const posted = await at.browser().go('/logout', { form, from: 'cross-site' })
    const page = await person.browser.follow(posted)
    expect(framesOn(page)).toHaveLength(1)
    expect(JSON.stringify([page.path, page.text])).not.toContain(token)
  })

  test('without an address: our own page says whom the browser was asked to ask', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'paper'])
    const page = await person.browser.visit(logoutPath({ client_id: 'news' }))
    const end = await person.browser.visit(onwardOn(page) ?? '')
    expect(end.path).toBe('/logout/signed-out')
    expect(statesOn(end)).toEqual({ 'The news site': 'none', 'The paper site': 'requested' })
  })

  test('to an address that is not registered: the page that says so', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'paper'])
    const params = { client_id: 'news', redirect_uri: 'https://evil.example/' }
    const page = await person.browser.visit(logoutPath(params))
    expect(framesOn(page)).toHaveLength(1)
    expect(page.text).not.toContain('evil.example')
    const end = await person.browser.visit(onwardOn(page) ?? '')
    expect(end.status).toBe(400)
    expect(byId(parsePage(end.text), 'error')?.attributes['data-code']).toBe('redirect_uri_mismatch')
  })

  test('where nobody needs a frame the redirect is the answer', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'market'])
    const answer = await person.browser.go(logoutPath({ client_id: 'news', redirect_uri: bye }))
    expect(answer).toMatchObject({ status: 303, location: bye })
  })

  test('where nobody is signed in, too', async () => {
    const answer = await at.browser().go('/logout?client_id=paper')
    expect(answer).toMatchObject({ status: 303, location: '/logout/signed-out' })
  })
})

test('FCL-09: the page frames exactly those origins, runs no inline script, is framed by nobody and kept nowhere', async () => {
  const page = await pageAfterLogout(await signedIn(at, 'u-ola', ['news', 'paper', 'radio', 'market']))
  const policy = String(page.headers['content-security-policy']).split('; ')
  expect(policy).toContain('frame-src https://paper.example https://radio.example')
  expect(policy).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
  )
  expect(policy.join()).not.toMatch(/unsafe|\*|nonce/)
  expect(page.headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY'
  })
  const scripts = all(parsePage(page.text), 'script')
  expect(scripts.map(it => [it.attributes.src, textOf(it)])).toEqual([['/js/front-channel.js', '']])
  const script = await at.ask('/js/front-channel.js')
  expect(script).toMatchObject({ status: 200, headers: { 'x-content-type-options': 'nosniff' } })
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
  for (const { attributes } of all(parsePage(page.text), 'iframe'))
    expect(attributes.sandbox).toBe('allow-forms allow-same-origin allow-scripts')
})

test('FCL-08: the page says asked, not done', async () => {
  const page = await pageAfterLogout(await signedIn(at, 'u-ola', ['news', 'paper']))
  const said = textOf(all(parsePage(page.text), 'main')[0] ?? parsePage(''))
  expect(said).toContain('The paper site Asked')
  expect(said).toContain('Whether they have done so, we cannot see')
  expect(said).not.toMatch(/confirmed|told/i)
})

describe('the page belongs to the browser that logged out', () => {
  test('another one that knows its address is sent on, and asks nobody', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'paper'])
    const answer = await person.browser.go(logoutPath({ client_id: 'news', redirect_uri: bye }))
    const stranger = await at.browser().go(answer.location ?? '')
    expect(stranger).toMatchObject({ status: 303, location: bye })
    expect(await at.storage.listAsked(String(answer.headers['utgang-receipt']))).toEqual([])
  })

  test('an address that nobody made leads to the front page', async () => {
    for (const query of ['', '?page=x', '?page='])
      expect(await at.browser().go(`/logout/front-channel${query}`)).toMatchObject({
        status: 303,
        location: '/'
      })
  })

  test('loaded again it asks again and ends nothing; later it asks nobody and moves nobody', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'paper'])
    const page = await pageAfterLogout(person)
    const ends = async () => (await at.storage.listAudit({ limit: 1000, event: 'logout' })).length
    const before = await ends()
    expect(framesOn(await person.browser.go(page.path))).toEqual(framesOn(page))
    advance(31)
    const later = await person.browser.go(page.path)
    expect(later.status).toBe(200)
    expect([framesOn(later), refreshOn(later), all(parsePage(later.text), 'script')]).toEqual([
      [],
      undefined,
      []
    ])
    expect(onwardOn(later)).toBe(bye)
    expect(later.headers['content-security-policy']).not.toContain('frame-src')
    expect(await ends()).toBe(before)
  })

  test('one that led to a page of ours goes there, when it is opened later', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'paper'])
    const page = await person.browser.visit('/logout?client_id=news')
    expect(framesOn(page)).toHaveLength(1)
    advance(31)
    expect(await person.browser.go(page.path)).toMatchObject({ status: 303, location: '/logout/signed-out' })
  })

  test('once somebody has signed in again, nobody is asked to sign them out', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'classic')
    const page = await browser.visit('/logout?client_id=classic')
    expect(framesOn(page)).toHaveLength(1)
    await signIn(at, browser, 'classic')
    expect(await browser.go(page.path)).toMatchObject({ status: 303, location: '/' })
  })

  test('two tabs that log out at once each go on to their own address', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'paper'])
    const ways = [
      { client_id: 'news', redirect_uri: bye },
      { client_id: 'paper', redirect_uri: 'https://paper.example/bye' }
    ]
    const tabs = ways.map(way => ({ way, browser: person.browser.copy() }))
    const pages = await Promise.all(tabs.map(({ way, browser }) => browser.visit(logoutPath(way))))
    for (const [index, page] of pages.entries())
      expect(onwardOn(page) ?? page.location).toBe(ways[index]?.redirect_uri)
  })
})

test('a page has thirty frames at most; whoever is beyond was not asked, and the receipt says so', async () => {
  const names = Array.from({ length: 32 }, (_, index) => `many-${index + 10}`)
  const own = await startSystem({ config: { ...config, clients: names.map(name => framed(name)) } })
  const person = await signedIn(own, 'u-ola', names)
  const page = await person.browser.visit('/logout?client_id=many-10')
  expect(framesOn(page)).toHaveLength(30)
  const states = Object.values(statesOn(await person.browser.go('/logout/signed-out')))
  expect(states.filter(it => it === 'requested')).toHaveLength(30)
  expect(states.filter(it => it === 'not_requested')).toHaveLength(2)
})

describe('the receipt', () => {
  const receipt = async (id: string) => (await at.ask(`/logout/receipts/${id}`)).json()

  test('says requested only once a page has asked', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'paper'])
    const answer = await person.browser.go(logoutPath({ client_id: 'news', redirect_uri: bye }))
    const id = String(answer.headers['utgang-receipt'])
    expect(await receipt(id)).toMatchObject({ applications: { not_requested: 1, not_registered: 1 } })
    // Fetched ahead, or by a link checker, the page has asked nobody.
    await person.browser.go(answer.location ?? '', { method: 'HEAD' })
    await person.browser.go(answer.location ?? '', { headers: { 'sec-purpose': 'prefetch' } })
    expect(await receipt(id)).toMatchObject({ applications: { not_requested: 1 } })
    await person.browser.follow(answer)
    expect(await receipt(id)).toMatchObject({ applications: { requested: 1, not_registered: 1 } })
    const own = await at.ask(`/logout/receipts/${id}`, { basic: ['paper', secretOf('paper')] })
    expect(own.json()).toMatchObject({
      own: [{ state: 'requested', sid: sidFor(person.uid, 'paper') }]
    })
  })

  test('of a logout without a page says that nobody was asked', async () => {
    const { uid } = await signedIn(at, 'u-ola', ['paper', 'both'])
    const form = { sid: sidFor(uid, 'paper') }
    const ended = await at.ask('/oauth/end_session', { form, basic: ['paper', secretOf('paper')] })
    const counts = await receipt(String(ended.headers['utgang-receipt']))
    expect(counts).toMatchObject({ applications: { not_requested: 1, pending: 1 } })
  })
})

/** The state of each application on our page, by its name. */
function statesOn(page: Answer): Record<string, string> {
  const rows = all(parsePage(page.text), 'li').filter(({ attributes }) => 'data-state' in attributes)
  return Object.fromEntries(
    rows.map(it => [textOf(all(it, 'bdi')[0] ?? it), it.attributes['data-state'] ?? ''])
  )
}
