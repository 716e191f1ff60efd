import { expect } from 'vitest'
import { clients } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import { startSystem, type TestOptions, type TestSystem } from '../support/system.ts'

/** A system in which the client `market` is told at this address. */
export async function systemThatTells(
  address: string,
  more: object = {},
  config: object = {},
  options: Omit<TestOptions, 'config'> = {}
): Promise<TestSystem> {
  const all = clients.map(it =>
    it.client_id === 'market'
      ? { ...it, backchannel_logout_uri: address, ...more }
      : { ...it, backchannel_logout_uri: undefined }
  )
  return startSystem({ config: { clients: all, allow_private_addresses: true, ...config }, ...options })
}

/** Signs somebody in at `market` and, by redirect, out again. */
export async function signOutAt(at: TestSystem): Promise<{ sid: string; sub: string; receiptId: string }> {
  const browser = at.browser()
  const { sid, sub } = await signIn(at, browser, 'market')
  const answer = await browser.go('/logout?client_id=market')
  return { sid, sub, receiptId: String(answer.headers['utgang-receipt']) }
}

/** Waits until the delivery of a logout is as wanted. */
export async function settled(
  at: TestSystem,
  receiptId: string,
  state: string,
  attempts?: number
): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const [it] = await at.storage.listDeliveries(receiptId)
    if (it?.state === state && (attempts === undefined || it.attempts >= attempts)) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  expect(await at.storage.listDeliveries(receiptId)).toMatchObject([{ state }])
}
