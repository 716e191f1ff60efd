import { expect, test } from 'vitest'
import { authenticated, authorization, signIn, token } from '../support/sign-in.ts'
import { receiver } from './receiver.ts'
import { signOutAt, systemThatTells } from './telling.ts'

test('BCL-25: a Logout Token is no ID Token, no access token and no client assertion', async () => {
  const app = await receiver()
  const at = await systemThatTells(app.address)
  await signOutAt(at)
  await app.count(1)
  const logoutToken = app.received[0]?.token ?? ''
  const browser = at.browser()
  const live = await signIn(at, browser, 'market')

  // As a hint it ends nothing, and names nobody.
  const asHint = await browser.visit(`/logout?id_token_hint=${logoutToken}`)
  expect(asHint.text).toContain('data-code="invalid_hint"')
  expect(await at.sessionOf(browser)).toBeDefined()
  // Neither does it say for whom a sign-in is meant: an ID Token of the same user and client may.
  const asked = async (hint: string) => {
    const { path } = authorization('market', { prompt: 'none', id_token_hint: hint })
    return new URL((await browser.visit(path)).location ?? '').searchParams
  }
  expect((await asked(live.idToken)).get('code')).toBeTruthy()
  expect((await asked(logoutToken)).get('error')).toBe('invalid_request')

  // As a token it opens and ends nothing.
  const refused = [
    await at.ask('/oauth/userinfo', { bearer: logoutToken }),
    await at.ask('/api/2/me', { bearer: logoutToken }),
    await at.ask('/api/2/logout', { bearer: logoutToken })
  ]
  expect(refused.map(it => it.status)).toEqual([401, 401, 401])
  const introspected = await at.ask('/oauth/introspect', authenticated('market', { token: logoutToken }))
  expect(introspected.json()).toEqual({ active: false })
  const exchanged: Record<string, string>[] = [
    { grant_type: 'refresh_token', refresh_token: logoutToken },
    { grant_type: 'authorization_code', code: logoutToken, redirect_uri: 'https://market.example/callback' }
  ]
  for (const form of exchanged)
    expect((await token(at, 'market', form)).json()).toMatchObject({ error: 'invalid_grant' })
  const assertion = {
    grant_type: 'client_credentials',
    client_id: 'market',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: logoutToken
  }
  expect((await at.ask('/oauth/token', { form: assertion })).json()).toMatchObject({
    error: expect.stringMatching(/^invalid_(client|request)$/)
  })
  expect(await at.sessionOf(browser)).toBeDefined()
})
