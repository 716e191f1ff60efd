import { expect, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { clients, issuer, password } from '../support/fixtures.ts'
import { alive, answerPages, authorization, codeOf, redeem, token, usesOf } from '../support/sign-in.ts'
import { startSystem } from '../support/system.ts'

test.each(['same-site', 'cross-site'] as const)(
  'an authorization that a %s page resumes starts again, and signs nobody in',
  async from => {
    const at = await startSystem()
    const attacker = at.browser()
    const page = await attacker.visit(authorization('news').path)
    const resume = await attacker.submit(page, { login: 'kari@example.test', password })
    const path = new URL(resume.location ?? '').pathname
    // The cookie that a sibling host can set, and the address that it sends the browser to.
    const victim = at.browser()
    const uid = path.slice(path.lastIndexOf('/') + 1)
    victim.setCookie('__Secure-utgang-resume', uid)
    const answer = await victim.go(path, { from })
    expect(answer.status).toBe(303)
    expect(new URL(answer.location ?? '', issuer).pathname).toBe('/oauth/authorize')
    expect((await victim.follow(answer)).text).toContain('id="sign-in"')
    expect(await at.sessionOf(victim)).toBeUndefined()
  }
)

test('the sign-in page itself resumes, wherever the person came from', async () => {
  const at = await startSystem()
  const browser = at.browser()
  const page = await browser.visit(authorization('news').path, { from: 'cross-site' })
  expect(codeOf(await answerPages(browser, page))).toBeTruthy()
})

test('three exchanges of one code at once: one is answered, and what it gave is revoked (BCP-10)', async () => {
  const at = await startSystem()
  const browser = at.browser()
  const { path, verifier, redirectUri } = authorization('news')
  const code = codeOf(await answerPages(browser, await browser.visit(path)))
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  const answers = await Promise.all([1, 2, 3].map(() => token(at, 'news', form)))
  const given = answers.filter(it => it.status === 200)
  expect(given.length).toBe(1)
  const accessToken = String(given[0]?.json().access_token)
  expect((await at.ask('/oauth/userinfo', { bearer: accessToken })).status).toBe(401)
  // A sign-in without a second use lives on.
  const other = authorization('news')
  const again = codeOf(await browser.visit(other.path))
  expect(await usesOf(at, await redeem(at, 'news', again, other.verifier))).toEqual(alive)
})

test.each([
  [`${issuer}/logout?client_id=news`, 'redirect_uris'],
  ['HTTP://ID.LOCALHOST:4000/logout', 'redirect_uris'],
  [`${issuer}/`, 'post_logout_redirect_uris'],
  ['http://id.localhost.:4000/', 'post_logout_redirect_uris']
])('%s, an address of this server, cannot be one of %s', (address, list) => {
  const lists = { redirect_uris: ['https://a.example/cb'], [list]: ['https://a.example/cb', address] }
  const config = { issuer, clients: [{ client_id: 'a', ...lists }] }
  expect(() => checkConfig(config)).toThrow(`clients[0].${list}[1]`)
})

test('whoever registers itself cannot name an address of this server, or have one fetched', async () => {
  const at = await startSystem({ config: { registration: true, clients } })
  const register = async (metadata: object): Promise<number> => {
    const answer = await fetch(`${at.origin}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://new.example/cb'], ...metadata })
    })
    await answer.text()
    return answer.status
  }
  expect(await register({})).toBe(201)
  for (const metadata of [
    { redirect_uris: [`${issuer}/logout?client_id=news`] },
    { client_uri: `${issuer}/logout?client_id=news` },
    { policy_uri: `${issuer}/logout` },
    { sector_identifier_uri: 'https://127.0.0.1:1/list' }
  ])
    expect(await register(metadata), JSON.stringify(metadata)).toBe(400)
})
