import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { push, receiverAt, ssfSystem } from '../doors/ssf-kit.ts'
import { signIn } from '../support/sign-in.ts'

test.each([
  ['whose certificate nobody knows', false, 'pending', 0],
  ['whose certificate is in extra_ca_file', true, 'delivered', 1]
])('PUSH-05: a receiver %s', async (_what, known, state, heard) => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=receiver.localhost', '-addext', 'subjectAltName=DNS:receiver.localhost']
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' })

  let received = 0
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    received++
    request.resume()
    response.writeHead(202).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo

  const at = await ssfSystem({ config: known ? { extra_ca_file: cert } : {} })
  const market = await receiverAt(at, 'market')
  await market.open({ delivery: { method: push, endpoint_url: `https://receiver.localhost:${port}/events` } })
  const browser = at.browser()
  await signIn(at, browser, 'market')
  await browser.go('/logout?client_id=market')
  await expect
    .poll(async () => (await at.storage.listDeliveries()).map(it => `${it.state} ${it.attempts}`), {
      timeout: 8000
    })
    .toEqual([`${state} 1`])
  expect(received).toBe(heard)
  const [it] = await at.storage.listDeliveries()
  const [attempt] = await at.storage.listAttempts(it?.id ?? '')
  expect(attempt?.problem ?? '').toMatch(known ? /^$/ : /CERT|certificate/i)
})
