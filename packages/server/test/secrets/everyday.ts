import { assertion } from '../clients/credentials.ts'
import { tag } from '../doors/legacy-kit.ts'
import { loginApi, serverToken } from '../doors/tokens.ts'
import { password, secretOf } from '../support/fixtures.ts'
import {
  answerPages,
  authenticated,
  authorization,
  codeOf,
  redirectUriOf,
  signIn,
  token
} from '../support/sign-in.ts'
import type { TestSystem } from '../support/system.ts'

/** What a new person chooses. */
export const newPassword = 'a password that somebody chose just now'
/** What somebody types who mixes things up. */
export const wrongPassword = 'not the password, but perhaps that of another site'
/** What a client needs to register itself. */
export const initialAccessToken = 'an-initial-access-token-of-the-tests'

/** Everything that goes on at a server in a day, once: every way in and every way out that carries a secret. */
export async function everyday(at: TestSystem): Promise<void> {
  await signInOut(at)
  await logoutsByRedirect(at)
  await clientsAlone(at)
  await register(at)
  await mistakes(at)
  await leaveOpen(at)
}

/** Wrong and right passwords, consent, a new account, a switch, codes and refresh tokens used twice. */
async function signInOut(at: TestSystem): Promise<void> {
  const browser = at.browser()
  const page = await browser.visit(authorization('news').path)
  await browser.submit(page, { login: 'ola@example.test', password: wrongPassword })
  const news = await signIn(at, browser, 'news')
  await signIn(at, browser, 'asking')
  await token(at, 'news', {
    grant_type: 'authorization_code',
    code: news.code,
    redirect_uri: redirectUriOf('news'),
    code_verifier: 'a verifier that is long enough to be taken, but is not the right one'
  })
  const app = await signIn(at, browser, 'app')
  for (let i = 0; i < 3; i++)
    await token(at, 'app', { grant_type: 'refresh_token', refresh_token: app.refreshToken })
  await at.ask('/oauth/userinfo', { bearer: app.accessToken })
  await at.ask('/api/2/me', { bearer: app.accessToken })
  await at.ask(`/api/2/me?oauth_token=${app.accessToken}`)
  const fresh = at.browser()
  const form = await fresh.visit(authorization('news', { prompt: 'create' }).path)
  await fresh.submit(form, { email: 'new@example.test', name: 'New Person', password: newPassword })
  const again = await fresh.visit(authorization('news').path)
  codeOf(await fresh.follow(await fresh.submit(again, { login: 'new@example.test', password: newPassword })))
  const once = at.browser()
  const classic = await signIn(at, once, 'classic', { remember: false })
  await token(at, 'classic', { grant_type: 'refresh_token', refresh_token: classic.refreshToken })
  once.restart()
  await once.visit(authorization('classic', { prompt: 'none', id_token_hint: classic.idToken }).path)
  const other = await browser.visit(authorization('news', { prompt: 'login' }).path)
  const switching = await browser.submit(other, { login: 'kari@example.test', password })
  const next = await browser.follow(await browser.submit(switching, { choice: 'switch' }))
  codeOf(await answerPages(browser, next, { email: 'kari@example.test' }))
}

/** With a token, with a hint, asked first, bounced from a post, and to an address that is not registered. */
async function logoutsByRedirect(at: TestSystem): Promise<void> {
  const ways: ((it: { accessToken: string; idToken: string }) => string)[] = [
    it => `client_id=news&redirect_uri=${redirectUriOf('news')}&oauth_token=${it.accessToken}`,
    it => `id_token_hint=${it.idToken}&state=a-state`,
    it => `client_id=news&redirect_uri=https://elsewhere.example/&oauth_token=${it.accessToken}`,
    it => `client_id=market&id_token_hint=${it.idToken}`,
    () => 'state=asks-first'
  ]
  for (const way of ways) {
    const browser = at.browser()
    const it = await signIn(at, browser, 'news')
    const page = await browser.visit(`/logout?${way(it)}`)
    if (page.text.includes('id="confirm-logout"'))
      await browser.follow(await browser.submit(page, {}, 'confirm-logout'))
    await browser.go('/')
  }
  const browser = at.browser()
  const it = await signIn(at, browser, 'careful')
  const posted = await at.ask('/logout', {
    form: { client_id: 'careful', oauth_token: it.accessToken, id_token_hint: it.idToken },
    headers: { 'sec-fetch-site': 'cross-site' }
  })
  const page = await browser.follow(posted)
  const out = await browser.submit(page, {}, 'confirm-logout')
  await browser.go(`/logout/receipts/${out.headers['utgang-receipt']}`)
}

/** What applications send by themselves. */
async function clientsAlone(at: TestSystem): Promise<void> {
  const browser = at.browser()
  const market = await signIn(at, browser, 'market')
  const news = await signIn(at, browser, 'news')
  await at.ask('/oauth/introspect', authenticated('news', { token: news.refreshToken }))
  await at.ask('/oauth/revoke', authenticated('news', { token: news.refreshToken }))
  await browser.go('/sdk/session?client_id=forum', { headers: { origin: 'https://forum.example' } })
  await at.ask('/oauth/end_session', authenticated('market', { id_token_hint: market.idToken }))
  const out = { from: 'cross-site', headers: { origin: 'https://forum.example' } } as const
  const page = at.browser()
  const forum = await signIn(at, page, 'forum')
  const tokens = { access_token: forum.accessToken, id_token_hint: forum.idToken }
  await at.browser().go('/sdk/logout?client_id=forum', { ...out, json: { id_token_hint: forum.idToken } })
  await page.go('/sdk/logout?client_id=forum', { ...out, json: tokens })
  await page.visit(`/logout?client_id=forum&sdk_ticket=${'a-ticket-of-the-tests'.repeat(2)}`)
  const old = at.browser()
  await signIn(at, old, 'news')
  await tag(old, '/rpc/hasSession.js', 'news')
  await old.go('/v2/session?client_sdrn=x:news', {
    from: 'cross-site',
    headers: { origin: 'https://news.example' }
  })
  await tag(old, '/ajax/logout.js', 'news')
  const login = await loginApi(at)
  await token(at, 'phone', { grant_type: 'password', username: 'ola@example.test', password: wrongPassword })
  await at.ask('/api/2/logout', { bearer: login.accessToken })
  await at.ask('/api/2/logout', { form: { oauth_token: await serverToken(at) } })
  const form = { client_id: 'news', client_secret: secretOf('news'), token: 'unknown to everybody here' }
  await at.ask('/oauth/revoke', { form })
  await at.ask('/oauth/revoke', { basic: ['news', 'a wrong secret of a client'], form: { token: 'x' } })
  const signed = await assertion('signing')
  await at.ask('/oauth/introspect', { form: { ...(signed.form as object), token: news.accessToken } })
}

async function register(at: TestSystem): Promise<void> {
  const answer = await fetch(`${at.origin}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${initialAccessToken}` },
    body: JSON.stringify({ redirect_uris: ['https://new.example/callback'] })
  })
  if (answer.status !== 201) throw new Error(`not registered: ${answer.status}`)
  const it = (await answer.json()) as { registration_client_uri: string; registration_access_token: string }
  await at.ask(new URL(it.registration_client_uri).pathname, { bearer: it.registration_access_token })
}

/** Secrets where they do not belong: in addresses, in other fields, in bodies that nobody can read. */
async function mistakes(at: TestSystem): Promise<void> {
  const browser = at.browser()
  const it = await signIn(at, browser, 'news')
  const credentials = `client_id=news&client_secret=${secretOf('news')}&token=${it.accessToken}`
  const tokens = `oauth_token=${it.accessToken}&id_token_hint=${it.idToken}`
  for (const path of [
    ...[`/nowhere?${tokens}`, `/${it.accessToken}`, `/%E0%A4?${tokens}`, `/?${tokens}`],
    ...[`/oauth/introspect?${credentials}`, `/oauth/revoke?${credentials}`, `/oauth/token?${credentials}`],
    ...[`/oauth/userinfo?access_token=${it.accessToken}`, `/logout/receipts/${it.accessToken}`],
    ...[`/sdk/session?client_id=${it.accessToken}`, `/api/2/user/${it.accessToken}?${tokens}`],
    ...[`/logout?client_id=news&client_id=market&${tokens}`, `/logout?client_id=nobody&${tokens}`],
    ...[`/logout?client_id=news&id_token_hint=${it.idToken}x`, `/logout?amp;oauth_token=${it.accessToken}`],
    ...[`/oauth/authorize?client_id=nobody&${tokens}`, `/oauth/authorize?client_id=${it.accessToken}`]
  ]) {
    await browser.visit(path)
    await at.ask(path, { method: 'POST', headers: { referer: `https://news.example/?${tokens}` } })
    await at.ask(path, { method: 'PUT', bearer: it.accessToken })
  }
  const { path } = authorization('news', { prompt: 'login', id_token_hint: it.idToken })
  const page = await browser.visit(path)
  await browser.submit(page, { login: newPassword, password })
  await token(at, 'phone', { grant_type: 'password', username: newPassword, password })
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded'])
    for (const where of ['/oauth/token', '/oauth/introspect', '/oauth/register', '/logout', page.path])
      await fetch(at.origin + where, {
        method: 'POST',
        headers: { 'content-type': type, authorization: `Bearer ${it.refreshToken}` },
        body: `{"client_secret": "${secretOf('news')}", "password": "${newPassword}"`
      })
}

/** Pages that nobody answered yet: what belongs to them is still kept. */
async function leaveOpen(at: TestSystem): Promise<void> {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const { path } = authorization('news', { prompt: 'login' })
  const page = await browser.visit(path)
  await browser.submit(page, { login: 'kari@example.test', password })
  await browser.visit('/logout?state=asks-first')
  await browser.visit(authorization('asking', { prompt: 'consent' }).path)
  codeOf(await browser.visit(authorization('news').path))
  await at.ask('/logout', { form: { client_id: 'news' }, headers: { 'sec-fetch-site': 'cross-site' } })
}
