import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Answer } from '../support/browser.ts'
import { signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

const built = readFileSync(new URL(import.meta.resolve('@utgang/browser/utgang.js')))
let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const path = '/js/utgang.js'
const script = (headers: Record<string, string> = {}, query = ''): Promise<Answer> =>
  at.ask(path + query, { headers })

test('the script build of the SDK is served as it is, for pages anywhere', async () => {
  const { statusCode, headers, body } = await request(at.origin + path, {
    headers: { origin: 'https://anywhere.example' }
  })
  expect(statusCode).toBe(200)
  expect(Buffer.from(await body.arrayBuffer()).equals(built)).toBe(true)
  expect(headers).toMatchObject({
    'content-type': 'application/javascript; charset=utf-8',
    'content-length': String(built.length),
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'access-control-allow-origin': '*',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'public, max-age=300'
  })
  expect(headers['access-control-allow-credentials']).toBeUndefined()
})

test('HEAD says the same without the bytes', async () => {
  const [got, asked] = [await script(), await at.ask(path, { method: 'HEAD' })]
  const told = ({
    date: _date,
    'x-request-id': _id,
    connection: _c,
    'keep-alive': _k,
    ...rest
  }: Answer['headers']) => rest
  expect(told(asked.headers)).toEqual(told(got.headers))
  expect([asked.status, asked.text]).toEqual([200, ''])
})

test('whoever has it already is told so, and by nothing else', async () => {
  const { etag } = (await script()).headers
  expect(etag).toMatch(/^"[\w-]{16}"$/)
  for (const known of [String(etag), `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await script({ 'if-none-match': known })
    expect([known, answer.status, answer.text]).toEqual([known, 304, ''])
    expect(answer.headers).toMatchObject({
      etag,
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin'
    })
  }
  for (const known of ['"other"', String(etag).replaceAll('"', ''), ''])
    expect([known, (await script({ 'if-none-match': known })).status]).toEqual([known, 200])
})

test('an address that names these bytes is good for ever; one that names others is kept by nobody', async () => {
  const version = String((await script()).headers.etag).replaceAll('"', '')
  expect(version).toBe(hash('sha256', built, 'base64url').slice(0, 16))
  const answers = await Promise.all([script({}, `?v=${version}`), script({}, '?v=of-another-version')])
  expect(answers.map(it => it.headers['cache-control'])).toEqual([
    'public, max-age=31536000, immutable',
    'no-cache'
  ])
  expect(answers[0]?.text).toBe(answers[1]?.text)
})

test('it is nobody’s: cookies change nothing and none is set, and the log stays quiet', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'forum')
  at.logs.length = 0
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }
  const [signedIn, stranger] = [await browser.go(path, { headers }), await at.browser().go(path, { headers })]
  expect(signedIn.text).toBe(stranger.text)
  expect([signedIn.setCookies, stranger.setCookies]).toEqual([[], []])
  expect(signedIn.headers.vary).toBeUndefined()
  const levels = at.logs.map(line => JSON.parse(line) as { level: number; msg: string })
  expect(levels).toEqual([
    expect.objectContaining({ level: 20, msg: 'answered' }),
    expect.objectContaining({ level: 20, msg: 'answered' })
  ])
})
