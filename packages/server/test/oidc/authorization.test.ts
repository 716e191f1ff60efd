import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import {
  answerPages,
  authorization,
  claimsOf,
  codeOf,
  redeem,
  redirectUriOf,
  signIn,
  token
} from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const backAt = (answer: Answer): Record<string, string> =>
  Object.fromEntries(new URL(answer.location ?? '').searchParams)

async function codeFor(clientId: string, params: Record<string, string | undefined> = {}) {
  const { path, verifier } = authorization(clientId, params)
  const browser = at.browser()
  return { code: codeOf(await answerPages(browser, await browser.visit(path))), verifier }
}

const exchange = (clientId: string, code: string, more: Record<string, string> = {}): Promise<Answer> =>
  token(at, clientId, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUriOf(clientId),
    ...more
  })

describe('PKCE', () => {
  const without = { code_challenge: undefined, code_challenge_method: undefined }

  test.each([
    { what: 'no challenge', params: without },
    { what: 'the method plain', params: { code_challenge_method: 'plain' } },
    { what: 'no method, which means plain', params: { code_challenge_method: undefined } },
    { what: 'a challenge of the wrong form', params: { code_challenge: 'short' } }
  ])('$what is refused (BCP-05)', async ({ params }) => {
    const answer = await at.browser().visit(authorization('news', params).path)
    expect(answer.status).toBe(303)
    expect(backAt(answer)).toMatchObject({ error: 'invalid_request', state: 'a-state', iss: issuer })
  })

  test('a public client needs it too', async () => {
    const answer = await at.browser().visit(authorization('app', without).path)
    expect(backAt(answer).error).toBe('invalid_request')
  })

  test('a confidential client with require_pkce false does without', async () => {
    const { code } = await codeFor('classic', without)
    expect((await exchange('classic', code)).status).toBe(200)
  })

  test('whoever sends a challenge there is held to it', async () => {
    const { code } = await codeFor('classic')
    const answer = await exchange('classic', code)
    expect(answer.json().error).toBe('invalid_grant')
  })

  test('a verifier where no challenge was is refused (BCP-06)', async () => {
    const { code } = await codeFor('classic', without)
    const answer = await exchange('classic', code, { code_verifier: 'v'.repeat(43) })
    expect(answer.json().error).toBe('invalid_grant')
  })

  test.each<{ what: string; verifier: Record<string, string> }>([
    { what: 'missing', verifier: {} },
    { what: 'wrong', verifier: { code_verifier: 'w'.repeat(43) } }
  ])('a $what verifier is refused, and the right one is still taken', async ({ verifier }) => {
    const good = await codeFor('news')
    const answer = await exchange('news', good.code, verifier)
    expect(answer.status).toBe(400)
    expect(answer.json().error).toBe('invalid_grant')
    expect((await exchange('news', good.code, { code_verifier: good.verifier })).status).toBe(200)
  })
})

describe('the address to go back to', () => {
  test.each([
    'https://news.example/callback/',
    'https://news.example/Callback',
    'https://news.example/callback?a=b',
    'https://news.example/callback#x',
    'https://news.example:443/callback',
    'https://NEWS.example/callback',
    'http://news.example/callback',
    'https://news.example/callbac',
    'https://news.example.evil.test/callback',
    'https://news.example/after',
    'https://news.example/bye',
    'https://evil.test/'
  ])('%s is not a registered one (BCP-01, BCP-03)', async redirect_uri => {
    const answer = await at.browser().visit(authorization('news', { redirect_uri }).path)
    expect(answer.status).toBe(400)
    expect(answer.location).toBeUndefined()
    expect(answer.text).toContain('data-code="invalid_redirect_uri"')
  })

  test('it has to be there', async () => {
    const answer = await at.browser().visit(authorization('news', { redirect_uri: undefined }).path)
    expect(answer.status).toBe(400)
    expect(answer.location).toBeUndefined()
  })

  test('an unknown client gets nowhere', async () => {
    const answer = await at.browser().visit(authorization('news', { client_id: 'nobody' }).path)
    expect(answer.status).toBe(400)
    expect(answer.location).toBeUndefined()
    expect(answer.text).toContain('data-code="unknown_client"')
  })

  test('its query is kept', async () => {
    const redirect_uri = 'https://news.example/after?way=out'
    const browser = at.browser()
    const end = await answerPages(browser, await browser.visit(authorization('news', { redirect_uri }).path))
    expect(end.location).toMatch(/^https:\/\/news\.example\/after\?way=out&code=/)
  })

  test('the code is good for that address alone', async () => {
    const { code, verifier } = await codeFor('news')
    const answer = await exchange('news', code, {
      code_verifier: verifier,
      redirect_uri: 'https://news.example/after?way=out'
    })
    expect(answer.json().error).toBe('invalid_grant')
  })
})

test.each(['token', 'id_token', 'code token', 'code id_token', 'code id_token token', 'none', ''])(
  'response_type "%s" is refused (BCP-08)',
  async response_type => {
    const answer = await at.browser().visit(authorization('news', { response_type }).path)
    expect(answer.status).toBe(303)
    // Errors of a flow with tokens go into the fragment.
    const { search, hash } = new URL(answer.location ?? '')
    const back = new URLSearchParams(search || hash.slice(1))
    expect(back.get('error')).toMatch(/^(unsupported_response_type|invalid_request)$/)
    expect(back.get('iss')).toBe(issuer)
    expect(back.has('access_token')).toBe(false)
  }
)

describe('every answer says who gave it (BCP-16)', () => {
  test('a code', async () => {
    const browser = at.browser()
    const end = await answerPages(browser, await browser.visit(authorization('news').path))
    expect(backAt(end)).toEqual({
      code: expect.any(String),
      state: 'a-state',
      iss: issuer,
      session_state: expect.any(String)
    })
  })

  test('prompt=none without a session', async () => {
    const end = await at.browser().visit(authorization('news', { prompt: 'none' }).path)
    expect(backAt(end)).toMatchObject({ error: 'login_required', state: 'a-state', iss: issuer })
  })

  test('prompt=none where consent is needed', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const end = await browser.visit(authorization('asking', { prompt: 'none' }).path)
    expect(backAt(end)).toMatchObject({ error: 'consent_required', state: 'a-state', iss: issuer })
  })

  test('prompt=none with another value', async () => {
    const end = await at.browser().visit(authorization('news', { prompt: 'none login' }).path)
    expect(backAt(end)).toMatchObject({ error: 'invalid_request', iss: issuer })
  })

  test('a scope that the client may not have', async () => {
    const end = await at.browser().visit(authorization('app', { scope: 'openid phone' }).path)
    expect(backAt(end)).toMatchObject({ error: 'invalid_scope', state: 'a-state', iss: issuer })
  })

  test('somebody who says no', async () => {
    const browser = at.browser()
    const page = await browser.visit(authorization('news').path)
    const end = await browser.follow(await browser.go(`${page.path.split('?')[0]}/cancel`))
    expect(backAt(end)).toMatchObject({ error: 'access_denied', state: 'a-state', iss: issuer })
  })

  test('a form_post', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const end = await browser.visit(authorization('news', { response_mode: 'form_post' }).path)
    expect(end.status).toBe(200)
    expect(end.text).toContain('action="https://news.example/callback"')
    expect(end.text).toContain(`name="iss" value="${issuer}"`)
    expect(end.headers['content-security-policy']).toMatch(/script-src[^;]*'sha256-/)
  })
})

describe('what a code gives', () => {
  test('nonce and times in the ID Token, an opaque access token, what SPiD adds', async () => {
    const { code, verifier } = await codeFor('news')
    const answer = await exchange('news', code, { code_verifier: verifier })
    expect(answer.headers['cache-control']).toContain('no-store')
    const reply = answer.json<Record<string, unknown>>()
    expect(reply).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid profile email',
      user_id: 'u-ola',
      refresh_token: expect.any(String)
    })
    expect(Math.abs(Number(reply.server_time) - Date.now() / 1000)).toBeLessThan(5)
    // Nobody but us can read anything from it.
    expect(String(reply.access_token)).not.toContain('.')
    const claims = claimsOf(String(reply.id_token))
    expect(claims).toMatchObject({ iss: issuer, aud: 'news', sub: 'u-ola', nonce: 'a-nonce' })
    expect(Number(claims.exp) - Number(claims.iat)).toBe(600)
  })

  test('it is good for a minute', async () => {
    const { code, verifier } = await codeFor('news')
    advance(61)
    expect((await exchange('news', code, { code_verifier: verifier })).json().error).toBe('invalid_grant')
  })

  test('it is good for the client alone to whom it was given', async () => {
    const { code, verifier } = await codeFor('news')
    const answer = await token(at, 'market', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUriOf('news'),
      code_verifier: verifier
    })
    expect(answer.json().error).toBe('invalid_grant')
  })
})

describe('sid', () => {
  test('one for each session and client, in every ID Token (BCL-02, BCL-03)', async () => {
    const browser = at.browser()
    const first = await signIn(at, browser, 'news')
    const again = await signIn(at, browser, 'news')
    const other = await signIn(at, browser, 'market')
    const elsewhere = await signIn(at, at.browser(), 'news')
    expect(first.sid).toMatch(/^[\x21-\x7e]{22,}$/)
    expect(again.sid).toBe(first.sid)
    expect(new Set([first.sid, other.sid, elsewhere.sid]).size).toBe(3)
    const refreshed = await token(at, 'news', {
      grant_type: 'refresh_token',
      refresh_token: first.refreshToken
    })
    expect(claimsOf(refreshed.json<{ id_token: string }>().id_token).sid).toBe(first.sid)
  })

  test('signing in again as the same person keeps it', async () => {
    const browser = at.browser()
    const first = await signIn(at, browser, 'news')
    const again = await signIn(at, browser, 'news', { params: { prompt: 'login' } })
    expect(again.sid).toBe(first.sid)
  })
})

describe('what clients of SPiD send', () => {
  test('no scope means the registered one', async () => {
    const signedIn = await signIn(at, at.browser(), 'app', { params: { scope: undefined } })
    const answer = await at.ask('/oauth/userinfo', { bearer: signedIn.accessToken })
    expect(answer.json()).toMatchObject({ sub: 'u-ola', email: 'ola@example.test' })
  })

  test('without a registered scope it means openid', async () => {
    const signedIn = await signIn(at, at.browser(), 'classic', { params: { scope: undefined } })
    const answer = await at.ask('/oauth/userinfo', { bearer: signedIn.accessToken })
    expect(answer.json()).toEqual({ sub: 'u-ola' })
  })

  test.each([
    { path: '/flow/login', page: 'id="sign-in"' },
    { path: '/flow/auth', page: 'id="sign-in"' },
    { path: '/login', page: 'id="sign-in"' },
    { path: '/flow/signup', page: 'id="sign-up"' },
    { path: '/signup', page: 'id="sign-up"' }
  ])('$path shows $page, whatever an app adds', async ({ path, page }) => {
    const query = new URLSearchParams({
      client_id: 'classic',
      redirect_uri: redirectUriOf('classic'),
      grant_type: 'authorization_code',
      platform: 'mobile',
      force: '1',
      webview: '1',
      v: '2.5.2',
      state: ''
    })
    const answer = await at.browser().visit(`${path}?${query}`)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(page)
  })

  test('a sign-in by /flow/login goes all the way', async () => {
    const query = new URLSearchParams({ client_id: 'classic', redirect_uri: redirectUriOf('classic') })
    const browser = at.browser()
    const end = await answerPages(browser, await browser.visit(`/flow/login?${query}`))
    const answer = await at.ask('/oauth/token?method=POST', {
      form: {
        client_id: 'classic',
        client_secret: 'classic-secret-of-the-tests',
        grant_type: 'authorization_code',
        code: codeOf(end),
        redirect_uri: redirectUriOf('classic'),
        scope: '',
        state: ''
      }
    })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json()).toMatchObject({ user_id: 'u-ola' })
  })

  test('an empty scope or state counts as none', async () => {
    const browser = at.browser()
    const params = { scope: '', state: '', nonce: '' }
    const end = await answerPages(browser, await browser.visit(authorization('app', params).path))
    expect(codeOf(end)).toBeTruthy()
  })

  test('a form post to the authorization endpoint goes on as a GET, so that the cookie comes along', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const { path, verifier } = authorization('news')
    const form = new URLSearchParams(path.split('?')[1])
    const first = await browser.go('/oauth/authorize', { form, from: 'cross-site' })
    expect(first.status).toBe(303)
    await redeem(at, 'news', codeOf(await browser.follow(first)), verifier)
  })

  test.each(['/oauth/authorize', '/flow/login'])(
    '%s goes on with every resource, and nothing else twice',
    async path => {
      const send = (form: URLSearchParams): Promise<Answer> =>
        path === '/flow/login' ? at.ask(`${path}?${form}`) : at.ask(path, { form })
      const form = new URLSearchParams({ client_id: 'news', scope: 'openid' })
      const resources = ['https://one.example/', 'https://two.example/']
      for (const resource of resources) form.append('resource', resource)
      const { location = '' } = await send(form)
      expect(new URL(location, issuer).searchParams.getAll('resource')).toEqual(resources)
      form.append('scope', 'profile')
      expect((await send(form)).text).toContain('data-code="duplicate_parameter"')
    }
  )
})

describe('the token endpoint', () => {
  test('a server token belongs to no user', async () => {
    const answer = await token(at, 'backend', { grant_type: 'client_credentials' })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json()).toMatchObject({ user_id: false, token_type: 'Bearer', expires_in: 3600 })
    expect(answer.json().refresh_token).toBeUndefined()
    const userinfo = await at.ask('/oauth/userinfo', { bearer: String(answer.json().access_token) })
    expect(userinfo.status).toBe(401)
  })

  test.each([
    { clientId: 'news', grant_type: 'client_credentials' },
    { clientId: 'app', grant_type: 'client_credentials' },
    { clientId: 'backend', grant_type: 'authorization_code' },
    { clientId: 'news', grant_type: 'password' },
    { clientId: 'news', grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }
  ])('$clientId may not use $grant_type', async ({ clientId, grant_type }) => {
    const answer = await token(at, clientId, { grant_type, username: 'a', password: 'b', code: 'c' })
    expect(answer.status).toBe(400)
    expect(['unauthorized_client', 'unsupported_grant_type', 'invalid_request']).toContain(
      answer.json().error
    )
  })

  test.each([
    { how: 'by Basic', asking: { basic: ['news', 'wrong'] as [string, string] }, status: 401 },
    { how: 'in the form', asking: {}, status: 400 }
  ])('a wrong secret $how answers $status, with what SPiD adds', async ({ asking, status }) => {
    const form = {
      grant_type: 'client_credentials',
      ...(status === 400 ? { client_id: 'news', client_secret: 'no' } : {})
    }
    const answer = await at.ask('/oauth/token', { form, ...asking })
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({
      error: 'invalid_client',
      error_code: status,
      type: 'OAuthException',
      error_description: expect.any(String)
    })
    expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401)
  })

  test('a public client cannot pass for a confidential one', async () => {
    const answer = await at.ask('/oauth/token', {
      form: {
        grant_type: 'authorization_code',
        client_id: 'news',
        code: 'x',
        redirect_uri: redirectUriOf('news')
      }
    })
    expect(answer.json().error).toBe('invalid_client')
  })
})

test('no answer that follows a form is a 307 or 308 (BCP-17)', async () => {
  const browser = at.browser()
  const page = await browser.visit(authorization('news').path)
  const answer = await browser.submit(page, {
    login: 'ola@example.test',
    password: 'correct horse battery staple'
  })
  expect(answer.status).toBe(303)
  expect((await browser.go(new URL(answer.location ?? '', issuer).pathname)).status).toBe(303)
})

test('the authorization endpoint never answers CORS (BCP-21)', async () => {
  const answer = await at.ask(authorization('forum').path, { headers: { origin: 'https://forum.example' } })
  expect(Object.keys(answer.headers).filter(name => name.startsWith('access-control'))).toEqual([])
})
