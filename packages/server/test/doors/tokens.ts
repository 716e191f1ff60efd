import { password } from '../support/fixtures.ts'
import { token } from '../support/sign-in.ts'
import type { TestSystem } from '../support/system.ts'

/** Tokens of a login without a browser. */
export async function loginApi(
  at: TestSystem,
  email = 'ola@example.test'
): Promise<{ clientId: string; accessToken: string; refreshToken: string }> {
  const answer = await token(at, 'phone', { grant_type: 'password', username: email, password })
  const { access_token, refresh_token } = answer.json<{ access_token: string; refresh_token: string }>()
  return { clientId: 'phone', accessToken: access_token, refreshToken: refresh_token }
}

/** A token of a client that speaks for itself. */
export async function serverToken(at: TestSystem, clientId = 'backend'): Promise<string> {
  const answer = await token(at, clientId, { grant_type: 'client_credentials' })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json<{ access_token: string }>().access_token
}

/** What the token endpoint answers to a refresh. */
export async function refreshed(at: TestSystem, clientId: string, refreshToken: string): Promise<number> {
  return (await token(at, clientId, { grant_type: 'refresh_token', refresh_token: refreshToken })).status
}
