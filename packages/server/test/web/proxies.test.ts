import { expect, test } from 'vitest'
import { signIn } from '../support/sign-in.ts'
import { startSystem } from '../support/system.ts'

const forwarded = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http'
}

test.each<[string, string[], string]>([
  ['nobody is trusted', [], '127.0.0.1'],
  ['another proxy is trusted', ['10.0.0.0/8'], '127.0.0.1'],
  ['this proxy is trusted', ['127.0.0.1'], '203.0.113.9'],
  ['the loopback network is trusted', ['loopback'], '203.0.113.9']
])('when %s, a forwarded request comes from the right address', async (_what, trust_proxy, address) => {
  const at = await startSystem({ config: { trust_proxy } })
  const { accessToken } = await signIn(at, at.browser(), 'news')
  await at.ask('/api/2/logout', { bearer: accessToken, headers: forwarded })
  const [entry] = await at.storage.listAudit({ event: 'logout', limit: 1 })
  expect(entry?.ip).toBe(address)
})

test('what a request says of its host changes no address that we give out', async () => {
  const at = await startSystem({ config: { trust_proxy: ['127.0.0.1'] } })
  for (const headers of [{ host: 'evil.example' }, forwarded]) {
    const { text } = await at.ask('/.well-known/openid-configuration', { headers })
    expect(text).not.toContain('evil')
    expect(JSON.parse(text)).toMatchObject({ token_endpoint: 'http://id.localhost:4000/oauth/token' })
  }
})
