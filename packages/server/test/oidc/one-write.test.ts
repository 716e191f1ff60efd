import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../support/browser.ts'
import { clients, issuer } from '../support/fixtures.ts'
import {
  answerPages,
  authorization,
  codeOf,
  dead,
  redeem,
  signIn,
  token,
  usesOf
} from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { slowStorage } from './interrupted-storage.ts'

/*
 * What may be used once is used once, however many come at the same moment: each is decided by one conditional write.
 * The storage takes a few milliseconds for each call, so that whatever is read first and written later would show.
 */

let at: TestSystem
const keys = await generateKeyPair('ES256')

beforeAll(async () => {
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] }
  const signer = {
    client_id: 'signer',
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    jwks
  }
  at = await openSystem({ wrapStorage: slowStorage(5), config: { clients: [...clients, signer] } })
})
afterAll(() => at.close())

const eight = <T>(one: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 8 }, (_, n) => one(n)))

const statuses = (answers: Answer[]): number[] => answers.map(it => it.status).toSorted()

test('of eight exchanges of one code exactly one gets tokens (BCP-10)', async () => {
  const { path, verifier, redirectUri } = authorization('news')
  const browser = at.browser()
  const code = codeOf(await answerPages(browser, await browser.visit(path)))
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  const answers = await eight(() => token(at, 'news', form))
  expect(statuses(answers)).toEqual([200, 400, 400, 400, 400, 400, 400, 400])
  for (const answer of answers.filter(it => it.status !== 200))
    expect(answer.json().error).toBe('invalid_grant')
})

test('of eight uses of one rotating refresh token one wins, and one more is the lost reply', async () => {
  const signedIn = await signIn(at, at.browser(), 'app')
  const form = { grant_type: 'refresh_token', refresh_token: signedIn.refreshToken }
  const answers = await eight(() => token(at, 'app', form))
  expect(statuses(answers)).toEqual([200, 200, 400, 400, 400, 400, 400, 400])
  const given = answers.flatMap(it => (it.status === 200 ? [it.json<{ refresh_token: string }>()] : []))
  expect(new Set(given.map(it => it.refresh_token)).size).toBe(2)
  // Refused, but not taken for theft.
  for (const { refresh_token } of given) {
    const next = await token(at, 'app', { grant_type: 'refresh_token', refresh_token })
    expect(next.status).toBe(200)
  }
})

describe('a client assertion', () => {
  async function assertion(): Promise<Record<string, string>> {
    const jwt = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer('signer')
      .setSubject('signer')
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(keys.privateKey)
    return {
      client_assertion: jwt,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    }
  }
  const atToken = (form: Record<string, string>): Promise<Answer> =>
    at.ask('/oauth/token', { form: { ...form, grant_type: 'client_credentials' } })
  const atIntrospection = (form: Record<string, string>): Promise<Answer> =>
    at.ask('/oauth/introspect', { form: { ...form, token: 'a-token' } })

  test.each<{ where: string; ask: (n: number, form: Record<string, string>) => Promise<Answer> }>([
    { where: 'the token endpoint', ask: (_n, form) => atToken(form) },
    { where: 'introspection', ask: (_n, form) => atIntrospection(form) },
    { where: 'both', ask: (n, form) => (n % 2 === 0 ? atToken(form) : atIntrospection(form)) }
  ])('is taken once at $where, of eight at the same moment (BCP-20)', async ({ ask }) => {
    const form = await assertion()
    const answers = await eight(n => ask(n, form))
    expect(answers.filter(it => it.status === 200)).toHaveLength(1)
    for (const answer of answers.filter(it => it.status !== 200))
      expect(answer.json().error).toBe('invalid_client')
  })

  test('is not taken again later, and another one is', async () => {
    const form = await assertion()
    expect((await atToken(form)).status).toBe(200)
    expect((await atIntrospection(form)).status).toBe(401)
    expect((await atIntrospection(await assertion())).status).toBe(200)
  })
})

test('a code that comes twice ends every token it gave', async () => {
  const { path, verifier, redirectUri } = authorization('news')
  const browser = at.browser()
  const code = codeOf(await answerPages(browser, await browser.visit(path)))
  const signedIn = await redeem(at, 'news', code, verifier, redirectUri)
  const again = await token(at, 'news', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier
  })
  expect(again.status).toBe(400)
  expect(again.json().error).toBe('invalid_grant')
  expect(await usesOf(at, signedIn)).toEqual(dead)
  const [entry] = await at.storage.listAudit({ limit: 1, event: 'logout' })
  expect(entry).toMatchObject({ clientId: 'news', detail: { cause: 'code_replay' } })
  // The session has nothing to do with it.
  expect(await at.sessionOf(browser)).toBeDefined()
})

test('two sites that sign in at the same moment in one session are both told of its end', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const both = ['market', 'forum'] as const
  const answers = await Promise.all(both.map(clientId => browser.copy().visit(authorization(clientId).path)))
  expect(answers.map(it => new URL(it.location ?? '').hostname)).toEqual(both.map(id => `${id}.example`))
  const session = await at.sessionOf(browser)
  if (!session) throw new Error('no session')
  const rps = await at.storage.sessionClients(session.uid)
  expect(rps.map(it => it.clientId).toSorted()).toEqual(['forum', 'market', 'news'])
  const { receiptId } = await at.system.heart.end({ name: 'admin_session', sessionUid: session.uid })
  const told = await at.storage.listDeliveries(receiptId ?? '')
  expect(told.map(it => it.clientId)).toEqual(['forum', 'market'])
  expect(new Set(told.map(it => it.sid)).size).toBe(2)
})
