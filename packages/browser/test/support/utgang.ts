import type { BrowserContext, Page } from 'puppeteer-core'
import { openSystem, type TestSystem } from '../../../server/test/support/system.ts'
import { freePort } from './listen.ts'
import type { Site } from './site.ts'

/** A real identity server for the pages of a site. */
export interface Utgang extends TestSystem {
  /** Its address in browsers, and its issuer. */
  issuer: string
  /** Signs a person in in a browser, by the server's own page. Whoever was there is asked to make room. */
  signIn(context: BrowserContext, who?: 'ola' | 'kari'): Promise<void>
  /** Ends every session of a person, as from another browser. */
  endAllOf(who: 'ola' | 'kari'): Promise<void>
  /** The number of live sessions. */
  live(): Promise<number>
}

const password = 'correct horse battery staple'
const users = ['ola', 'kari'].map(it => ({
  sub: `u-${it}`,
  email: `${it}@example.test`,
  name: `${it} Nordmann`,
  password
}))

/** Starts one. Its clients: `site` (public), `careful` (asks before every logout), `other` (of another site). */
export async function openUtgang(site: Site): Promise<Utgang> {
  const port = await freePort()
  const issuer = `http://id.localhost:${port}`
  const client = (client_id: string, more: object = {}) => ({
    client_id,
    redirect_uris: [`${site.origin}/back`, `${site.origin}/back?way=out`],
    scope: 'openid profile',
    sdk: true,
    ...more
  })
  const at = await openSystem({
    config: {
      issuer,
      listen: { host: '127.0.0.1', port },
      clients: [
        client('site'),
        client('careful', { logout_confirmation: 'always' }),
        client('other', { redirect_uris: [`${site.otherOrigin}/back`] })
      ],
      users
    }
  })

  async function signIn(context: BrowserContext, who: 'ola' | 'kari' = 'ola'): Promise<void> {
    const page = await context.newPage()
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'site',
      redirect_uri: `${site.origin}/back`,
      scope: 'openid',
      prompt: 'login',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256'
    })
    await page.goto(`${issuer}/oauth/authorize?${query}`)
    await fillIn(page, who)
    while (!page.url().startsWith(site.origin)) await submit(page)
    await page.close()
  }

  const now = (): number => Math.floor(Date.now() / 1000)
  return {
    ...at,
    issuer,
    signIn,
    async endAllOf(who) {
      await at.system.heart.end({ name: 'admin_user', sub: `u-${who}` })
    },
    live: async () =>
      (await at.storage.listSessions({ limit: 100 }, now())).filter(session => session.live).length
  }
}

/** Fills in the server's sign-in page that a tab shows, and sends it. */
export async function fillIn(page: Page, who: 'ola' | 'kari' = 'ola'): Promise<void> {
  await page.waitForSelector('[name=password]')
  await page.evaluate(
    (login, secret) => {
      for (const [name, value] of [
        ['login', login],
        ['password', secret]
      ]) {
        const field = document.querySelector<HTMLInputElement>(`[name=${name}]`)
        if (field) field.value = value ?? ''
      }
    },
    `${who}@example.test`,
    password
  )
  await submit(page)
}

async function submit(page: Page): Promise<void> {
  await Promise.all([page.waitForNavigation(), page.click('form button')])
}
