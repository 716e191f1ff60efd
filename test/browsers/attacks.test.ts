import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSdkScript, type SdkScript, sdkScriptHref } from '../../packages/server/src/doors/sdk-script.ts'
import { type Setting, settings } from './support/browsers.ts'
import type { Engine, Tab } from './support/engine.ts'
import { type Aims, type Attempt, doEverything, unanswered } from './support/everything.ts'
import { evil, giveTheCredentials, issuer, openWorld, sibling, until, type World } from './support/world.ts'

const shop = 'https://shop.test'
/** Another client, whose pages may ask for that one alone. */
const other = 'https://other.test'
/** Nobody's pages; those of a sibling, which is of the same site as the server; ones that look like the shop's; another client's. */
const strangers = [evil, sibling, 'https://shop.test.evil.example', other]

const client = (clientId: string, origin: string): object => ({
  client_id: clientId,
  redirect_uris: [`${origin}/`],
  sdk: true,
  legacy_jsonp: true
})

let world: World
let script: SdkScript
beforeAll(async () => {
  script = readSdkScript()
  const hosts = [...strangers, shop].map(origin => [new URL(origin).hostname, serve] as const)
  world = await openWorld({
    strangers: Object.fromEntries(hosts),
    moreClients: [client('shop', shop), client('other', other)]
  })
})
afterAll(() => world.close())

/** An empty page; `/bounce?to=` sends on whatever comes, to that address; `?cookie=` sets it. */
function serve({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, shop)
  response.setHeader('cache-control', 'no-store')
  if (pathname === '/bounce') {
    // An application whose open redirect lets CORS through, too.
    response
      .setHeader('access-control-allow-origin', evil)
      .setHeader('access-control-allow-credentials', 'true')
    response.setHeader('access-control-allow-headers', 'content-type')
    return void response.writeHead(307, { location: searchParams.get('to') ?? '/' }).end()
  }
  // As UTF-8, whose bytes Node would not write by itself.
  const planted = searchParams.getAll('cookie').map(line => Buffer.from(line).toString('latin1'))
  if (planted.length > 0) response.setHeader('set-cookie', planted)
  response
    .setHeader('content-type', 'text/html; charset=utf-8')
    .end('<!doctype html><title>A page</title><body>')
}

const aims: Aims = { issuer, clientId: 'shop', clientPage: `${shop}/`, unanswered }

/** One setting of each engine, the one in which most cookies travel. */
const open = ['third-party cookies allowed', 'Total Cookie Protection (default)', 'default of WebKitGTK']

describe.each(settings.filter(it => open.includes(it.policy)))('$engine, $policy', setting => {
  /** A test with a browser of this setting. */
  const inBrowser = (what: string, run: (engine: Engine) => Promise<void>): void =>
    test(what, { timeout: 180_000, skip: !setting.start }, async () => {
      const engine = await (setting.start as NonNullable<Setting['start']>)(world)
      try {
        await run(engine)
      } finally {
        await engine.close()
      }
    })

  inBrowser(
    'strangers’ pages learn nothing, not even whether somebody is signed in, and end nothing',
    async engine => {
      const signedOut = new Map<string, Attempt[]>()
      for (const origin of strangers) signedOut.set(origin, await attackFrom(engine, origin))
      const tab = await engine.newTab()
      const uid = await signIn(tab)
      for (const origin of strangers) {
        const signedIn = await attackFrom(engine, origin)
        for (const { did, saw } of signedIn)
          expect(saw, `${origin}: ${did}`).not.toMatch(/connected|u-ola|Ola|"ended":true|"result":true/)
        expect(signedIn, origin).toEqual(signedOut.get(origin))
        expect(await isLive(uid), origin).toBe(true)
      }
      await tab.show()
      await expectUnharmed(tab, setting, uid)
    }
  )

  inBrowser('a link or a form that takes the whole tab gets a question, not a logout', async engine => {
    const tab = await engine.newTab()
    const uid = await signIn(tab)
    for (const method of ['get', 'post']) {
      await tab.goto(`${evil}/`)
      await tab.evaluate(sendForm, method, `${issuer}/logout`)
      await until(() => tab.evaluate(() => document.querySelector('#confirm-logout #confirm') !== null))
      expect(await isLive(uid), method).toBe(true)
    }
    await expectUnharmed(tab, setting, uid)
  })

  inBrowser('a redirect of an application lends its origin to nobody', async engine => {
    const tab = await engine.newTab()
    const uid = await signIn(tab)
    for (const [path, init] of [
      ['/sdk/session?client_id=shop', {}],
      [
        '/sdk/logout?client_id=shop',
        { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
      ],
      [
        '/sdk/logout?client_id=shop',
        { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }
      ]
    ] as const) {
      await tab.goto(`${evil}/`)
      const saw = await tab.evaluate(
        fetchText,
        `${shop}/bounce?to=${encodeURIComponent(issuer + path)}`,
        init
      )
      expect(saw, path).toMatch(/^failed/)
    }
    await expectUnharmed(tab, setting, uid)
  })

  inBrowser('cookies that a sibling host plants change nothing, though they arrive', async engine => {
    const tab = await engine.newTab()
    const uid = await signIn(tab)
    const everywhere = 'Domain=utgang.test; Path=/; Secure; SameSite=None'
    const lines = plantedNames.flatMap(name => [
      `${name}=planted; ${everywhere}`,
      `${name}=planted; ${everywhere}; Path=/sdk`
    ])
    const query = new URLSearchParams(lines.map(line => ['cookie', line]))
    await tab.goto(`${sibling}/?${query}`)
    await tab.evaluate(
      (texts: string[]) => {
        // biome-ignore lint/suspicious/noDocumentCookie: strangers are not bound by our rules
        for (const text of texts) document.cookie = text
      },
      [...lines, `tossed=1; ${everywhere}`]
    )
    await tab.goto(`${issuer}/`)
    // The control: a sibling's cookies do get here.
    expect(await tab.evaluate(() => document.cookie)).toContain('tossed=1')
    const arrived = /(^|; )__Host-utgang-sdk=planted/.test(await tab.evaluate(() => document.cookie))
    // WebKitGTK knows no prefixes: there the name comes twice, and the server says and does nothing by it.
    expect(arrived).toBe(setting.engine === 'WebKit')
    if (!arrived) return expectUnharmed(tab, setting, uid)
    await tab.goto(`${shop}/`)
    expect(await statusIn(tab)).toBe('unknown')
    expect(await logoutIn(tab)).toBe(false)
    expect(await isLive(uid)).toBe(true)
  })

  inBrowser(
    'the script loads from another origin with the integrity of its bytes, and with no other',
    async engine => {
      const tab = await engine.newTab()
      await tab.goto(`${shop}/`)
      const load = (integrity: string): Promise<unknown> =>
        tab.evaluate(loadScript, sdkScriptHref(issuer, script), integrity)
      const wrong = script.integrity.replace(/.$/, it => (it === 'A' ? 'B' : 'A'))
      expect(await load(wrong)).toEqual({ event: 'error', version: undefined })
      expect(await load(script.integrity)).toEqual({
        event: 'load',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/)
      })
    }
  )
})

/**
 * Does everything on an empty page of an origin, until the server has answered what no browser holds back. Where the
 * browser itself left something open there is nothing to compare: once more then, in a new tab.
 */
async function attackFrom(engine: Engine, origin: string): Promise<Attempt[]> {
  const attempts = await attackOnce(engine, origin)
  return attempts.some(it => it.saw === unanswered) ? attackOnce(engine, origin) : attempts
}

async function attackOnce(engine: Engine, origin: string): Promise<Attempt[]> {
  const tab = await engine.newTab()
  await tab.goto(`${origin}/`)
  world.at.logs.length = 0
  const attempts = await tab.evaluate(doEverything, aims)
  await everythingArrived()
  await tab.close()
  return attempts.map(({ did, saw }) => ({ did, saw: saw.replace(/\d{10}/g, 'a time') }))
}

/** Names that some browsers, or a careless server, could take for those of the server's own cookies. */
const plantedNames = ['__Host-utgang-sdk', '__Host-utgang'].flatMap(name => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  `\u00a0${name}`,
  `${name}\u00a0`,
  `\u2003${name}`,
  // A cookie without a name, whose value looks like one with.
  `=${name}`
])

/** Runs in a page: leaves it by a form that asks for a logout. */
const sendForm = (method: string, action: string): void => {
  const form = document.createElement('form')
  Object.assign(form, { method, action })
  form.innerHTML = '<input name="client_id" value="shop">'
  document.body.append(form)
  // The page may be gone before this function has answered.
  setTimeout(() => form.submit())
}

/** Runs in a page: what it may read of an answer. */
const fetchText = (address: string, init: RequestInit): Promise<string> =>
  fetch(address, { ...init, credentials: 'include' }).then(
    answer => answer.text(),
    error => `failed: ${error.name}`
  )

/** Runs in a page: loads a script by a tag, and says what it found afterwards. */
const loadScript = (src: string, integrity: string): Promise<object> =>
  new Promise(done => {
    const tag = document.createElement('script')
    const end = (event: string) => (): void => {
      const { SPiD } = window as unknown as { SPiD?: { version(): string } }
      done({ event, version: SPiD?.version() })
    }
    tag.onload = end('load')
    tag.onerror = end('error')
    Object.assign(tag, { src, integrity, crossOrigin: 'anonymous' })
    document.head.append(tag)
  })

/** Signs Ola in at the shop. Returns the session's uid. */
async function signIn(tab: Tab): Promise<string> {
  const query = new URLSearchParams({
    client_id: 'shop',
    redirect_uri: `${shop}/`,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256'
  })
  await tab.goto(`${issuer}/oauth/authorize?${query}`)
  await giveTheCredentials(tab)
  await until(async () => (await tab.url()).startsWith(`${shop}/?code=`))
  const [newest] = await world.at.storage.listSessions({ limit: 1 }, now())
  expect(newest?.live).toBe(true)
  return newest?.uid ?? ''
}

/** Waits until the server has answered what no browser holds back: at least so many of each. */
function everythingArrived(): Promise<void> {
  const least: [method: string, route: string, times: number][] = [
    ['GET', '/sdk/session', 6],
    ['GET', '/ajax/hasSession.js', 6],
    ['GET', '/ajax/logout.js', 6],
    ['GET', '/logout', 6],
    ['POST', '/logout', 4],
    ['POST', '/sdk/logout', 10]
  ]
  return until(async () => {
    const lines = world.at.logs.map(line => JSON.parse(line) as { method?: string; route?: string })
    const times = (method: string, route: string): number =>
      lines.filter(it => it.method === method && it.route === route).length
    const late = least.filter(([method, route, count]) => times(method, route) < count)
    if (late.length > 0)
      throw new Error(`not yet: ${late.map(([m, r]) => `${m} ${r} ${times(m, r)}`).join(', ')}`)
    return true
  })
}

/** The session lives, the person sees it; and the control: the shop's own page sees it too, and ends it. */
async function expectUnharmed(tab: Tab, { sendsCookie }: Setting, uid: string): Promise<void> {
  expect(await isLive(uid)).toBe(true)
  await tab.goto(`${issuer}/`)
  expect(await tab.evaluate(() => document.body.textContent ?? '')).toContain('Ola Nordmann')
  await tab.goto(`${shop}/`)
  expect(await statusIn(tab)).toBe(sendsCookie ? 'connected' : 'unknown')
  if (sendsCookie) {
    expect(await logoutIn(tab)).toBe(true)
  } else {
    await tab.evaluate((server: string) => {
      location.href = `${server}/logout?client_id=shop&redirect_uri=${encodeURIComponent(`${location.origin}/`)}`
    }, issuer)
    await until(async () => (await tab.url()) === `${shop}/`)
  }
  await until(async () => !(await isLive(uid)))
}

/** What the shop's own page hears. */
const statusIn = (tab: Tab): Promise<string> =>
  tab.evaluate(async (server: string) => {
    const answer = await fetch(`${server}/sdk/session?client_id=shop`, { credentials: 'include' })
    return (await answer.json()).status
  }, issuer)

/** Whether the shop's own page could end the session. */
const logoutIn = (tab: Tab): Promise<boolean> =>
  tab.evaluate(async (server: string) => {
    const answer = await fetch(`${server}/sdk/logout?client_id=shop`, {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: '{}'
    })
    return (await answer.json()).ended
  }, issuer)

const now = (): number => Math.floor(Date.now() / 1000)

const isLive = async (uid: string): Promise<boolean> =>
  (await world.at.storage.findSession(uid, now())) !== undefined
