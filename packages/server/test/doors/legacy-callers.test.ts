import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../support/browser.ts'
import { signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { called, config, type Tag, tag } from './legacy-kit.ts'

const hasSessionPaths = ['/ajax/hasSession.js', '/rpc/hasSession.js']
const paths = [...hasSessionPaths, '/ajax/logout.js']

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config })
})
afterAll(() => at.close())

async function person(clientId = 'market'): Promise<Browser> {
  const browser = at.browser()
  await signIn(at, browser, clientId)
  return browser
}

const unsaid = { 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined }

/** Which combinations of what browsers say of a request are a script tag on another origin's page. */
const combinations = `
  site          mode         dest      answered
  cross-site    no-cors      script    yes
  same-site     no-cors      script    yes
  -             -            -         yes
  same-origin   no-cors      script    no
  none          no-cors      script    no
  cross-site    no-cors      image     no
  cross-site    no-cors      empty     no
  cross-site    no-cors      style     no
  cross-site    no-cors      embed     no
  cross-site    no-cors      worker    no
  cross-site    cors         script    no
  cross-site    cors         empty     no
  cross-site    navigate     document  no
  cross-site    navigate     iframe    no
  same-site     navigate     document  no
  none          navigate     document  no
  cross-site    same-origin  script    no
  cross-site    websocket    script    no
  cross-site    no-cors      -         no
  cross-site    -            script    no
  -             no-cors      script    no
  cross-site    -            -         no
  -             -            script    no
  -             no-cors      -         no`
  .trim()
  .split('\n')
  .slice(1)
  .map(line =>
    line
      .trim()
      .split(/ +/)
      .map(it => (it === '-' ? undefined : it))
  )

test.each(combinations)('site %s, mode %s, dest %s: answered? %s', async (site, mode, dest, answered) => {
  const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
  await expectAnswered({ headers }, answered === 'yes')
})

/** Everything else that decides who may ask, for a page of `market` unless said otherwise. */
const asked: [what: string, tag: Tag, answered: boolean][] = [
  [
    'with the page’s whole address as Referer',
    { headers: { referer: 'https://market.example/a?b=c' } },
    true
  ],
  [
    'with the address of a page that is no redirect URI',
    { query: { redirect_uri: 'https://market.example/' } },
    true
  ],
  ['without a Referer', { headers: { referer: undefined } }, false],
  ['without a Referer, by an old browser', { headers: { ...unsaid, referer: undefined } }, false],
  ['with an empty Referer', { headers: { referer: '' } }, false],
  ['from a foreign page', { headers: { referer: 'https://evil.example/' } }, false],
  [
    'from a foreign page, by an old browser',
    { headers: { ...unsaid, referer: 'https://evil.example/' } },
    false
  ],
  [
    'from a foreign page that says so in redirect_uri',
    { headers: { referer: 'https://evil.example/' }, query: { redirect_uri: 'https://evil.example/' } },
    false
  ],
  [
    'from another client’s page',
    { headers: { referer: 'https://news.example/' }, query: { redirect_uri: 'https://news.example/' } },
    false
  ],
  ['from the same host by http', { headers: { referer: 'http://market.example/' } }, false],
  ['from the same host at another port', { headers: { referer: 'https://market.example:8443/' } }, false],
  ['from a sub-domain', { headers: { referer: 'https://www.market.example/' } }, false],
  [
    'from a name that begins like it',
    { headers: { referer: 'https://market.example.evil.example/' } },
    false
  ],
  ['from a name that ends like it', { headers: { referer: 'https://evilmarket.example/' } }, false],
  ['with a user before the host', { headers: { referer: 'https://market.example@evil.example/' } }, false],
  ['from a page without an address', { headers: { referer: 'about:blank' } }, false],
  ['with a Referer that is no address', { headers: { referer: 'market.example' } }, false],
  [
    'from a page of no origin, said twice',
    { headers: { referer: 'data:text/html,x' }, query: { redirect_uri: 'data:text/html,x' } },
    false
  ],
  ['without redirect_uri', { query: { redirect_uri: undefined } }, false],
  ['with an empty redirect_uri', { query: { redirect_uri: '' } }, false],
  ['with a redirect_uri of another origin', { query: { redirect_uri: 'https://evil.example/' } }, false],
  ['with a redirect_uri that is no address', { query: { redirect_uri: '/a/page' } }, false],
  ['with a redirect_uri of no origin', { query: { redirect_uri: 'null' } }, false],
  ['for another client', { query: { client_id: 'news' } }, false],
  ['for a client without legacy_jsonp', { query: { client_id: 'forum' } }, false],
  ['for nobody that is known', { query: { client_id: 'nobody' } }, false],
  ['for no client', { query: { client_id: undefined } }, false],
  ['ahead of a click', { headers: { 'sec-purpose': 'prefetch' } }, false],
  ['ahead of a click, rendered', { headers: { 'sec-purpose': 'prefetch;prerender' } }, false],
  ['for a purpose that is not known yet', { headers: { 'sec-purpose': 'anything' } }, false],
  ['ahead of a click, by an old browser', { headers: { ...unsaid, purpose: 'prefetch' } }, false],
  ['with an Origin', { headers: { origin: 'https://market.example' } }, false],
  ['with an Origin, by an old browser', { headers: { ...unsaid, origin: 'https://market.example' } }, false]
]
test.each(asked)('%s', (_what, it, answered) => expectAnswered(it, answered))

/** Asks everything in a browser where somebody is signed in, and looks at what is told and what becomes of the session. */
async function expectAnswered(it: Tag, answered: boolean): Promise<void> {
  const browser = await person()
  for (const path of hasSessionPaths) {
    const answer = await tag(browser, path, 'market', it)
    expectScript(answer)
    const { reply } = called(answer)
    if (answered) expect(reply).toMatchObject({ result: true, userId: 'u-ola' })
    else expectRefusal(reply)
    if (!answered) expect(answer.text).not.toContain('ola')
  }
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  const copy = browser.copy()
  const answer = await tag(browser, '/ajax/logout.js', 'market', it)
  expectScript(answer)
  if (answered) expect(called(answer).reply).toMatchObject({ result: true })
  else expectRefusal(called(answer).reply)
  if (!answered) expect(answer.setCookies).toEqual([])
  expect((await at.sessionOf(copy)) !== undefined).toBe(!answered)
  expect(uid).not.toBe('')
}

function expectRefusal(reply: unknown): void {
  expect(reply).toEqual({
    error: { code: 403, type: 'ApiException', description: expect.any(String) },
    response: { result: false, serverTime: expect.any(Number), expiresIn: 10, userStatus: 'unknown' }
  })
}

/** However it ends: 200, a script, for a page of another site, guessed by nobody and kept by nobody. */
function expectScript(answer: Awaited<ReturnType<typeof tag>>): void {
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/javascript; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'no-store'
  })
  expect(Object.keys(answer.headers).filter(it => it.startsWith('access-control-'))).toEqual([])
  expect(answer.text).toMatch(/^\/\*/)
}

test.each([
  'f0a1b2c3',
  'jsonp_1700000000000_12345',
  '$',
  '_',
  'a.b.c',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'prototype',
  '__proto__.polluted',
  'constructor.prototype.polluted',
  `f${'0'.repeat(63)}`
])('the callback %s is called by its name, as a text', async callback => {
  const browser = await person()
  const answer = await tag(browser, '/ajax/hasSession.js', 'market', { query: { callback } })
  expectScript(answer)
  expect(answer.text.startsWith(`/**/SPiD.Talk.response(${JSON.stringify(callback)}, {`)).toBe(true)
  expect(called(answer)).toMatchObject({ callback, reply: { result: true } })
  expect('polluted' in {}).toBe(false)
})

test.each([
  ['none', undefined],
  ['an empty one', ''],
  ['one with brackets', 'alert(1)'],
  ['one that ends a text', '");alert(1);//'],
  ['one that ends a comment', '*/alert(1);/*'],
  ['a tag', '</script><script>alert(1)</script>'],
  ['one that begins with a digit', '0f'],
  ['one with a line end', 'f\nalert'],
  ['one that ends with a line end', 'f\n'],
  ['one with U+2028', 'f\u2028'],
  ['one with a letter that is not ASCII', 'fø'],
  ['one with a dash', 'f-1'],
  ['one that is too long', `f${'0'.repeat(64)}`],
  ['an index', 'f[0]'],
  ['a template', 'f`x`']
])('%s as callback: a script that does nothing, and nothing was done', async (_what, callback) => {
  const browser = await person()
  for (const path of paths) {
    const answer = await tag(browser, path, 'market', { query: { callback } })
    expectScript(answer)
    expect(answer.text).toBe('/* callback is not a name that can be called */')
  }
  expect(await at.sessionOf(browser)).toBeDefined()
})

test('a parameter that comes twice is refused, the callback too', async () => {
  const browser = await person()
  const headers = {
    'sec-fetch-mode': 'no-cors',
    'sec-fetch-dest': 'script',
    referer: 'https://market.example/'
  }
  const query = 'callback=f1&redirect_uri=https%3A%2F%2Fmarket.example%2F&client_id=market'
  for (const path of paths) {
    const twice = await browser.go(`${path}?${query}&client_id=market`, { from: 'cross-site', headers })
    expectScript(twice)
    expect(called(twice).reply.error?.code).toBe(400)
    const callback = await browser.go(`${path}?${query}&callback=f1`, { from: 'cross-site', headers })
    expectScript(callback)
    expect(callback.text).toBe('/* callback is not a name that can be called */')
  }
  expect(await at.sessionOf(browser)).toBeDefined()
})

test('no other method does anything', async () => {
  const browser = await person()
  for (const path of paths) {
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const) {
      const query = 'callback=f1&redirect_uri=https%3A%2F%2Fmarket.example%2F&client_id=market'
      const answer = await browser.go(`${path}?${query}`, {
        method,
        from: 'cross-site',
        headers: {
          'sec-fetch-mode': 'no-cors',
          'sec-fetch-dest': 'script',
          referer: 'https://market.example/'
        }
      })
      expect([path, method, answer.status]).toEqual([path, method, 405])
      expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin')
    }
  }
  expect(await at.sessionOf(browser)).toBeDefined()
})

test('only these answers may be loaded by pages of other origins', async () => {
  for (const path of [
    '/',
    '/sdk/session',
    '/v2/session',
    '/session',
    '/ajax/hasProduct.js',
    '/healthz',
    '/logout'
  ])
    expect([path, (await at.ask(path)).headers['cross-origin-resource-policy']]).toEqual([
      path,
      'same-origin'
    ])
})

test('the client is told of a refusal by the log, and no name or address gets in there', async () => {
  const browser = await person()
  const before = at.logs.length
  await tag(browser, '/ajax/logout.js', 'market', { headers: { referer: 'https://evil.example/a-secret' } })
  const lines = at.logs.slice(before).map(line => JSON.parse(line))
  expect(lines.filter(it => it.msg === 'answered')).toEqual([
    expect.objectContaining({ route: '/ajax/logout.js', status: 200, code: 'access_denied' })
  ])
  expect(at.logs.slice(before).join('')).not.toContain('a-secret')
})
