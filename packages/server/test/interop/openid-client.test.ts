import { createServer } from 'node:net'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Browser, formOn } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

/* A whole life with a client library that knows nothing of us: openid-client, over real addresses. */

const redirectUri = 'https://rp.example/callback'
const afterLogout = 'https://rp.example/bye'
const secret = 'a secret of the relying party'

const clients = [
  {
    client_id: 'rp-basic',
    client_secret: secret,
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [afterLogout],
    backchannel_logout_uri: 'http://127.0.0.1:9/told'
  },
  { client_id: 'rp-public', redirect_uris: [redirectUri], post_logout_redirect_uris: [afterLogout] },
  {
    client_id: 'rp-es256',
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [afterLogout],
    id_token_signed_response_alg: 'ES256'
  }
]

let at: TestSystem
let issuer: string
beforeAll(async () => {
  const port = await freePort()
  issuer = `http://127.0.0.1:${port}`
  at = await openSystem({ config: { issuer, listen: { host: '127.0.0.1', port }, clients } })
})
afterAll(() => at.close())

const relyingParties = [
  { clientId: 'rp-basic', authentication: oidc.ClientSecretBasic(secret), introspects: true },
  { clientId: 'rp-public', authentication: oidc.None(), introspects: false },
  { clientId: 'rp-es256', authentication: oidc.ClientSecretPost(secret), introspects: true }
]

describe.each(relyingParties)('$clientId', ({ clientId, authentication, introspects }) => {
  test('signs in, reads, refreshes, revokes and signs out', async () => {
    const metadata = { id_token_signed_response_alg: clientId === 'rp-es256' ? 'ES256' : 'RS256' }
    const config = await oidc.discovery(new URL(issuer), clientId, metadata, authentication, {
      execute: [oidc.allowInsecureRequests]
    })
    expect(config.serverMetadata().supportsPKCE()).toBe(true)
    const browser = at.browser()

    const tokens = await signIn(config, browser)
    const claims = tokens.claims()
    expect(claims).toMatchObject({ sub: 'u-ola', aud: clientId, sid: expect.any(String) })
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, 'u-ola')
    expect(userinfo).toMatchObject({ email: 'ola@example.test', name: 'Ola Nordmann' })

    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(refreshed.claims()).toMatchObject({ sub: 'u-ola', sid: claims?.sid })
    expect(refreshed.refresh_token === undefined || refreshed.refresh_token !== tokens.refresh_token).toBe(
      clientId === 'rp-public' || refreshed.refresh_token === undefined
    )
    if (introspects) {
      const introspection = await oidc.tokenIntrospection(config, refreshed.access_token)
      expect(introspection).toMatchObject({ active: true, client_id: clientId, sid: claims?.sid })
    }
    await oidc.tokenRevocation(config, refreshed.access_token)
    await expect(oidc.fetchUserInfo(config, refreshed.access_token, 'u-ola')).rejects.toThrow()

    const end = oidc.buildEndSessionUrl(config, {
      id_token_hint: refreshed.id_token ?? '',
      post_logout_redirect_uri: afterLogout,
      state: 'st/a te'
    })
    const back = await browser.go(end.pathname + end.search, { from: 'cross-site' })
    expect(back.status).toBe(303)
    const landed = new URL(back.location ?? '')
    expect(landed.origin + landed.pathname).toBe(afterLogout)
    expect([...landed.searchParams]).toEqual([['state', 'st/a te']])
    expect(await at.sessionOf(browser)).toBeUndefined()
    // Only the client that is told of logouts has tokens that end with the session.
    const again = oidc.refreshTokenGrant(config, refreshed.refresh_token ?? tokens.refresh_token ?? '')
    if (clientId === 'rp-basic') await expect(again).rejects.toMatchObject({ error: 'invalid_grant' })
    else expect((await again).access_token).toBeTruthy()
  })

  test('hears by prompt=none that nobody is signed in', async () => {
    const config = await oidc.discovery(
      new URL(issuer),
      clientId,
      { id_token_signed_response_alg: clientId === 'rp-es256' ? 'ES256' : 'RS256' },
      authentication,
      { execute: [oidc.allowInsecureRequests] }
    )
    await expect(signIn(config, at.browser(), { prompt: 'none' })).rejects.toMatchObject({
      error: 'login_required'
    })
  })
})

async function signIn(config: oidc.Configuration, browser: Browser, more: Record<string, string> = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()]
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more
  })
  const callback = await throughPages(browser, address)
  return oidc.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState, expectedNonce })
}

/** What a person does: signs in where asked, until she is back at the site. */
async function throughPages(browser: Browser, start: URL): Promise<URL> {
  let next = start
  for (let step = 0; step < 10; step++) {
    let answer: Answer = await browser.go(next.pathname + next.search)
    if (answer.status === 200) {
      const { action, hidden } = formOn(answer)
      const form = { ...hidden, login: 'ola@example.test', password }
      answer = await browser.go(action, { form, from: 'same-origin', headers: { origin: issuer } })
    }
    expect(answer.status, answer.text.slice(0, 200)).toBe(303)
    next = new URL(answer.location ?? '', issuer)
    if (next.origin !== issuer) return next
  }
  throw new Error('redirected for ever')
}

/** A port that was free a moment ago: the issuer has to name it before the server listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
