import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sealer } from '../../src/storage/secrets.ts'
import { addSigningKeys } from '../../src/tokens/signing-keys.ts'
import { clients, secretOf } from '../support/fixtures.ts'
import { answerPages, authorization, codeOf, signIn } from '../support/sign-in.ts'
import { advance, startSystem, type TestSystem } from '../support/system.ts'

const day = 86_400
const secretKey = 'a key of thirty-two bytes or more, for tests'

const jwks = async (at: TestSystem): Promise<JSONWebKeySet> => (await at.ask('/oauth/jwks')).json()
const kidsOf = async (at: TestSystem): Promise<(string | undefined)[]> =>
  (await jwks(at)).keys.map(it => it.kid)

async function verifies(at: TestSystem, idToken: string): Promise<boolean> {
  const keys = createLocalJWKSet(await jwks(at))
  const currentDate = new Date(Date.now())
  return jwtVerify(idToken, keys, { currentDate, clockTolerance: 400 * day }).then(
    () => true,
    () => false
  )
}

function rotate(at: TestSystem): Promise<string[]> {
  const now = Math.floor(Date.now() / 1000)
  return addSigningKeys(at.storage, sealer([secretKey]), now, at.system.config.lifetimes.key_publish_seconds)
}

test('only public halves are published, one of each algorithm', async () => {
  const at = await startSystem()
  const { keys } = await jwks(at)
  expect(keys.map(it => it.alg).toSorted()).toEqual(['ES256', 'RS256'])
  for (const key of keys) {
    expect(key).toMatchObject({ use: 'sig', kid: expect.any(String) })
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret)
    if (key.kty === 'RSA') expect(Buffer.from(key.n ?? '', 'base64url').length).toBeGreaterThanOrEqual(256)
  }
})

test.each(['RS256', 'ES256'] as const)('a client that asks for %s gets it', async alg => {
  const asking = {
    client_id: 'modern',
    client_secret: secretOf('modern'),
    redirect_uris: ['https://modern.example/callback'],
    id_token_signed_response_alg: alg
  }
  const at = await startSystem({ config: { clients: [...clients, asking] } })
  const browser = at.browser()
  const { path, verifier, redirectUri } = authorization('modern', {
    redirect_uri: 'https://modern.example/callback',
    scope: 'openid'
  })
  const code = codeOf(await answerPages(browser, await browser.visit(path)))
  const answer = await at.ask('/oauth/token', {
    form: { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
    basic: ['modern', secretOf('modern')]
  })
  const idToken = String(answer.json().id_token)
  expect(decodeProtectedHeader(idToken).alg).toBe(alg)
  expect(await verifies(at, idToken)).toBe(true)
})

describe('rotation', () => {
  test('a new key is published before it signs, an old one as long as anything it signed may come back', async () => {
    const at = await startSystem()
    const before = await signIn(at, at.browser(), 'news')
    const oldKid = decodeProtectedHeader(before.idToken).kid
    const fresh = await rotate(at)
    await at.system.op.refreshKeys()
    expect(await kidsOf(at)).toEqual(expect.arrayContaining([...fresh, oldKid]))
    const meanwhile = await signIn(at, at.browser(), 'news')
    expect(decodeProtectedHeader(meanwhile.idToken).kid).toBe(oldKid)

    advance(day)
    await at.system.op.refreshKeys()
    const after = await signIn(at, at.browser(), 'news')
    expect(fresh).toContain(decodeProtectedHeader(after.idToken).kid)
    expect(await kidsOf(at)).toEqual(expect.arrayContaining([...fresh, oldKid]))
    for (const { idToken } of [before, meanwhile, after]) expect(await verifies(at, idToken)).toBe(true)

    // As long as the longest session, for hints at its logout.
    advance(90 * day - 10)
    await at.system.op.refreshKeys()
    expect(await verifies(at, before.idToken)).toBe(true)
    advance(10)
    await at.system.op.refreshKeys()
    expect(await verifies(at, before.idToken)).toBe(false)
    expect(await kidsOf(at)).toEqual(expect.arrayContaining(fresh))
    expect(await kidsOf(at)).not.toContain(oldKid)
  })

  test('a hint signed before the rotation still signs out', async () => {
    const at = await startSystem()
    const browser = at.browser()
    const { idToken } = await signIn(at, browser, 'news')
    await rotate(at)
    advance(2 * day)
    await at.system.op.refreshKeys()
    const answer = await browser.go(`/logout?id_token_hint=${idToken}`, { from: 'cross-site' })
    expect(answer.status).toBe(303)
    expect(await at.sessionOf(browser)).toBeUndefined()
  })

  test('a key rotated twice in a day: each waits for its own time', async () => {
    const at = await startSystem()
    const one = await rotate(at)
    advance(1000)
    const two = await rotate(at)
    advance(day - 999)
    await at.system.op.refreshKeys()
    const first = await signIn(at, at.browser(), 'news')
    expect(one).toContain(decodeProtectedHeader(first.idToken).kid)
    advance(1000)
    await at.system.op.refreshKeys()
    const second = await signIn(at, at.browser(), 'news')
    expect(two).toContain(decodeProtectedHeader(second.idToken).kid)
    expect(await verifies(at, first.idToken)).toBe(true)
  })
})

test('two processes that share a storage share the keys, also new ones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${join(folder, 'shared.db')}`
  const [one, two] = [await startSystem({ storage }), await startSystem({ storage })]
  expect((await kidsOf(one)).toSorted()).toEqual((await kidsOf(two)).toSorted())
  await rotate(one)
  for (const at of [one, two]) await at.system.op.refreshKeys()
  expect((await kidsOf(two)).toSorted()).toEqual((await kidsOf(one)).toSorted())
  expect(await kidsOf(two)).toHaveLength(4)
  advance(day)
  for (const at of [one, two]) await at.system.op.refreshKeys()
  const signedIn = await signIn(one, one.browser(), 'news')
  expect(await verifies(two, signedIn.idToken)).toBe(true)
})

test('two that start at the same moment on an empty storage end up with the same keys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${join(folder, 'shared.db')}`
  const [one, two] = await Promise.all([startSystem({ storage }), startSystem({ storage })])
  for (const at of [one, two]) await at.system.op.refreshKeys()
  expect(await kidsOf(one)).toEqual(await kidsOf(two))
  const signedIn = await signIn(two, two.browser(), 'news')
  expect(await verifies(one, signedIn.idToken)).toBe(true)
})
