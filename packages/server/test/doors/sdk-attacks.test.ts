import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Asking } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import { authorization } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { check, logout, origin, page } from './sdk-kit.ts'
import {
  attackedClients,
  evil,
  expectUnharmed,
  handle,
  hasSession,
  isLive,
  type Victim,
  victim
} from './sdk-victim.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { registration: true, clients: attackedClients } })
})
afterAll(() => at.close())

const addresses = [
  '/sdk/session?client_id=forum',
  '/sdk/logout?client_id=forum',
  '/v2/session?client_id=forum',
  '/session?client_sdrn=sdrn:id:client:forum',
  `/ajax/hasSession.js?callback=f1&client_id=forum&redirect_uri=${encodeURIComponent(evil)}`,
  `/rpc/hasSession.js?callback=f1&client_id=forum&redirect_uri=${encodeURIComponent(origin)}`,
  `/ajax/logout.js?callback=f1&client_id=forum&redirect_uri=${encodeURIComponent(origin)}`,
  '/logout?client_id=forum',
  `/logout?client_id=forum&redirect_uri=${encodeURIComponent('https://forum.example/callback')}`,
  '/logout'
]

/** What browsers say of a request that a page of another site makes, by what makes it. */
const sent = (mode: string, dest: string, more: Record<string, string> = {}) => ({
  'sec-fetch-mode': mode,
  'sec-fetch-dest': dest,
  referer: `${evil}/`,
  ...more
})
const socket = {
  origin: evil,
  'sec-fetch-site': undefined,
  'sec-fetch-mode': undefined,
  'sec-fetch-dest': undefined,
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
}
const json = '{"client_id":"forum"}'

describe('a page of a stranger neither reads the status nor ends the session', () => {
  const subresources: [string, Asking][] = [
    ['an image', { headers: sent('no-cors', 'image') }],
    ['a script', { headers: sent('no-cors', 'script') }],
    ['a script that tells no Referer', { headers: sent('no-cors', 'script', { referer: '' }) }],
    ['a module', { headers: sent('cors', 'script', { origin: evil }) }],
    ['a stylesheet', { headers: sent('no-cors', 'style') }],
    ['a font', { headers: sent('cors', 'font', { origin: evil }) }],
    ['a video', { headers: sent('no-cors', 'video') }],
    ['a frame', { headers: sent('navigate', 'iframe') }],
    ['an object', { headers: sent('navigate', 'object') }],
    ['an embed', { headers: sent('navigate', 'embed') }],
    ['fetch', { headers: sent('cors', 'empty', { origin: evil }) }],
    ['fetch of a sandbox', { headers: sent('cors', 'empty', { origin: 'null', referer: '' }) }],
    ['fetch without CORS', { headers: sent('no-cors', 'empty') }],
    ['HEAD without CORS', { method: 'HEAD', headers: sent('no-cors', 'empty') }],
    ['an event stream', { headers: sent('cors', 'empty', { origin: evil, accept: 'text/event-stream' }) }],
    // Chromium tells nothing of where this comes from, and sends cookies all the same.
    ['a socket', { headers: socket }],
    ['a prefetch', { headers: sent('no-cors', 'empty', { 'sec-purpose': 'prefetch' }) }],
    [
      'a prefetch of the future',
      { headers: sent('navigate', 'document', { 'sec-purpose': 'prefetch;prerender' }) }
    ],
    ['an old prefetch', { headers: sent('no-cors', 'empty', { purpose: 'prefetch' }) }],
    [
      'a beacon',
      {
        method: 'POST',
        body: json,
        headers: sent('no-cors', 'empty', { origin: evil, 'content-type': 'text/plain;charset=UTF-8' })
      }
    ],
    [
      'a beacon without a type',
      { method: 'POST', body: json, headers: sent('no-cors', 'empty', { origin: evil }) }
    ],
    [
      'a post of JSON, preflight or not',
      {
        method: 'POST',
        body: json,
        headers: sent('cors', 'empty', { origin: evil, 'content-type': 'application/json' })
      }
    ],
    [
      'a post of a sandbox',
      {
        method: 'POST',
        body: json,
        headers: sent('cors', 'empty', { origin: 'null', 'content-type': 'application/json' })
      }
    ],
    [
      'a post that hides its JSON',
      {
        method: 'POST',
        body: json,
        headers: sent('no-cors', 'empty', { origin: evil, 'content-type': 'text/plain; application/json' })
      }
    ],
    [
      'a report',
      {
        method: 'POST',
        body: '[]',
        headers: sent('no-cors', 'report', { 'content-type': 'application/csp-report' })
      }
    ]
  ]
  test.each(subresources)('by %s', async (_what, asking) => {
    const ola = await victim(at)
    const answers: Answer[] = []
    for (const path of addresses)
      answers.push(await ola.elsewhere().go(path, { from: 'cross-site', ...asking }))
    // A sibling host is as foreign, but its pages send every cookie.
    for (const path of addresses) answers.push(await ola.browser.go(path, { from: 'same-site', ...asking }))
    await expectUnharmed(at, ola, answers)
  })

  const forms: [string, string, string][] = [
    ['a form', 'application/x-www-form-urlencoded', 'client_id=forum'],
    ['a form whose field reads as JSON', 'text/plain', `{"client_id":"forum","x":"=\\r\\n"}`],
    ['a form that would read as JSON', 'application/x-www-form-urlencoded', json],
    [
      'a form in parts',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="client_id"\r\n\r\nforum\r\n--b--\r\n'
    ]
  ]
  test.each(forms)('by %s', async (_what, type, body) => {
    const ola = await victim(at)
    const answers: Answer[] = []
    for (const target of [evil, 'null'])
      for (const path of addresses) {
        const headers = sent('navigate', 'document', { origin: target, 'content-type': type })
        const answer = await ola.elsewhere().go(path, { from: 'cross-site', method: 'POST', body, headers })
        answers.push(answer)
        // Without its cookie a post is asked again as a GET, which has it: and then the person is asked.
        if (answer.location?.startsWith('/logout?continue=')) {
          const asked = await ola.browser.go(answer.location, {
            from: 'cross-site',
            headers: { referer: `${evil}/` }
          })
          expect(asked.location ?? asked.text).toMatch(/confirm/)
          expect(asked.setCookies).toEqual([])
        }
      }
    await expectUnharmed(at, ola, answers)
  })

  test('by a form of a sibling host, in a browser that says no more than its Origin', async () => {
    const unsaid = { 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined }
    const post = (it: Victim, from: string): Promise<Answer> =>
      it.browser.go('/logout', { form: { client_id: 'forum' }, headers: { ...unsaid, origin: from } })
    const ola = await victim(at)
    expect((await post(ola, 'https://blog.localhost')).location).toMatch(/^\/logout\/confirm\?/)
    await expectUnharmed(at, ola)
    // That of the client is served at once.
    const again = await victim(at)
    expect((await post(again, origin)).location).toBe('/logout/signed-out')
    expect(await isLive(at, again.uid)).toBe(false)
  })

  test('by a link, or a window that it opens', async () => {
    const ola = await victim(at)
    for (const path of addresses) {
      const answer = await ola.browser.go(path, { from: 'cross-site', headers: { referer: `${evil}/` } })
      expect(answer.setCookies, path).toEqual([])
      expect(answer.headers['access-control-allow-origin'], path).toBeUndefined()
    }
    await expectUnharmed(at, ola)
  })
})

describe('origins', () => {
  const foreign = [
    'https://forum.example.evil.example',
    'https://evilforum.example',
    'https://forum.exampl',
    'https://forum.example.',
    'https://sub.forum.example',
    'http://forum.example',
    'https://forum.example:8443',
    'https://forum.example:443',
    'https://FORUM.example',
    'https://forum.example/',
    'https://forum.example@evil.example',
    'https://forum.example https://evil.example',
    'https://market.example',
    issuer,
    'null',
    'undefined',
    '*',
    ''
  ]
  test.each(foreign)(
    '%j is not that of the client: it hears nothing, and no preflight lets it through',
    async asking => {
      const ola = await victim(at)
      const headers = { origin: asking }
      const post = {
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type'
      }
      const preflight = await ola.elsewhere().go('/sdk/logout?client_id=forum', {
        method: 'OPTIONS',
        from: 'cross-site',
        headers: { ...page(headers), ...post }
      })
      // That of another client with `sdk` may try. It is then refused by the request itself.
      const isAnothers = asking === 'https://market.example'
      expect([asking, preflight.status, preflight.headers['access-control-allow-origin']]).toEqual(
        isAnothers ? [asking, 204, asking] : [asking, 403, undefined]
      )
      await expectUnharmed(at, ola, [
        await check(ola.elsewhere(), 'forum', headers, 'cross-site'),
        await ola
          .elsewhere()
          .go('/v2/session?client_id=forum', { from: 'cross-site', headers: page(headers) }),
        await logout(ola.elsewhere(), 'forum', {}, { headers }),
        await logout(
          ola.elsewhere(),
          'forum',
          { access_token: ola.accessToken, id_token_hint: ola.idToken },
          { headers }
        )
      ])
    }
  )

  test('two Origin headers are no origin', async () => {
    const ola = await victim(at)
    const answer = await request(`${at.origin}/sdk/logout?client_id=forum`, {
      method: 'POST',
      headers: [
        'origin',
        origin,
        'origin',
        evil,
        'content-type',
        'application/json',
        'cookie',
        `${handle}=${ola.browser.cookie(handle)}`
      ],
      body: json
    })
    await answer.body.text()
    // Node hands on the first one; a browser never sends two, so whoever sends them has no victim's cookies.
    expect(answer.headers['access-control-allow-origin']).not.toBe(evil)
  })
})

describe('clients', () => {
  test('one that registered itself gets no power by saying that it has it', async () => {
    const redirect_uri = `${evil}/cb`
    const claims = [
      {},
      { sdk: true },
      { legacy_jsonp: true, origins: [evil] },
      { sdk: true, origins: [evil, origin], consent: 'skip' }
    ]
    for (const more of claims) {
      const registered = await fetch(`${at.origin}/oauth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: [redirect_uri], ...more })
      })
      const { client_id } = (await registered.json()) as { client_id?: string }
      if (client_id === undefined) {
        expect([registered.status, more]).toEqual([400, more])
        continue
      }
      const ola = await victim(at)
      // The person has even signed in there.
      const { path } = authorization('forum', { client_id, redirect_uri, scope: 'openid' })
      expect((await ola.browser.visit(path)).text).toContain('id="allow"')
      const query = { client_id, redirect_uri: `${evil}/` }
      await expectUnharmed(at, ola, [
        await check(ola.elsewhere(), client_id, { origin: evil }, 'cross-site'),
        await ola
          .elsewhere()
          .go(`/v2/session?client_id=${client_id}`, { from: 'cross-site', headers: page({ origin: evil }) }),
        await logout(ola.elsewhere(), client_id, {}, { headers: { origin: evil } }),
        await hasSession(ola.elsewhere(), query, { referer: `${evil}/` }),
        await hasSession(ola.elsewhere(), query, { referer: `${evil}/` }, '/ajax/logout.js')
      ])
    }
  })

  test('one without sdk, and one that does not exist, are told the same', async () => {
    const ola = await victim(at)
    const answers = []
    for (const clientId of ['news', 'nobody', '__proto__', 'constructor']) {
      const headers = { origin: 'https://news.example' }
      answers.push(await check(ola.elsewhere(), clientId, headers, 'cross-site'))
      answers.push(await logout(ola.elsewhere(), clientId, {}, { headers }))
    }
    expect(new Set(answers.map(it => `${it.status} ${it.text}`)).size).toBe(1)
    await expectUnharmed(at, ola, answers)
  })

  test('the page of one names another in the body, in the address, or twice', async () => {
    const ola = await victim(at)
    const headers = { origin: 'https://market.example' }
    const post = (path: string, body: object) =>
      ola.elsewhere().go(path, { from: 'cross-site', json: body, headers: page(headers) })
    const answers = [
      await post('/sdk/logout?client_id=forum', { client_id: 'bazaar' }),
      await post('/sdk/logout', { client_id: 'forum' }),
      await post('/sdk/logout?client_id=bazaar&client_id=forum', {}),
      await ola
        .elsewhere()
        .go('/sdk/session?client_id=bazaar&client_id=forum', { from: 'cross-site', headers: page(headers) })
    ]
    // Readable is what goes wrong with its own client, and only that.
    const mixed = await post('/sdk/logout?client_id=bazaar', { client_id: 'forum' })
    expect([mixed.status, mixed.json().error]).toEqual([400, 'invalid_request'])
    await expectUnharmed(at, ola, answers)
  })
})
