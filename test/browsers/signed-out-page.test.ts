import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeliveryState } from '../../packages/server/src/storage/records.ts'
import { type Setting, settings } from './support/browsers.ts'
import type { Tab } from './support/engine.ts'
import { issuer, openWorld, signInForCode, until, type World } from './support/world.ts'

/** Two applications that are told from server to server, where nobody answers: what becomes of it is what the test says. */
const origins = ['https://radio.test', 'https://paper.example']
const idOf = (origin: string): string => new URL(origin).hostname.split('.')[0] ?? ''

let world: World
beforeAll(async () => {
  world = await openWorld({
    strangers: Object.fromEntries(origins.map(origin => [new URL(origin).hostname, serve])),
    moreClients: origins.map(origin => ({
      client_id: idOf(origin),
      client_name: `The ${idOf(origin)} site`,
      client_secret: 'a secret of the browser tests',
      redirect_uris: [`${origin}/`],
      backchannel_logout_uri: 'https://127.0.0.1:9/backchannel'
    }))
  })
})
afterAll(() => world.close())

function serve(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>A site</title>')
}

/** Signs Ola in at both sites. */
async function signIn(tab: Tab): Promise<void> {
  for (const origin of origins) await signInForCode(tab, idOf(origin), `${origin}/`)
}

/** Signs out on our own pages and gives the receipt's id. */
async function signOut(tab: Tab): Promise<string> {
  await tab.goto(`${issuer}/logout`)
  await tab.click('#confirm')
  await until(async () => (await tab.url()) === `${issuer}/logout/signed-out`)
  return tab.evaluate(() => document.querySelector('.number code')?.textContent ?? '')
}

/** What an application answered, as its worker would write it down. */
async function answered(id: string, clientId: string, state: DeliveryState): Promise<void> {
  const delivery = (await world.at.storage.listDeliveries(id)).find(it => it.clientId === clientId)
  const attempt = { status: 200, problem: null, milliseconds: 5, nextAt: 0, heardMaybe: false }
  const now = Math.floor(Date.now() / 1000)
  await world.at.storage.recordAttempt({ id: delivery?.id ?? '', state, ...attempt }, now)
}

const progressIn = (tab: Tab): Promise<string> =>
  tab.evaluate(() => document.querySelector('#progress')?.textContent ?? '')
const statesIn = (tab: Tab): Promise<string[]> =>
  tab.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-state]')].map(
      it => `${it.dataset.state}: ${it.querySelector('.state')?.textContent}`
    )
  )
const asksToReload = (tab: Tab): Promise<boolean> =>
  tab.evaluate(() => (document.querySelector<HTMLElement>('#reload')?.hidden ?? true) === false)

/** One setting of each engine: the page is nobody's frame, so that policies do not matter. */
const engines = settings.filter((it, at) => settings.findIndex(({ engine }) => engine === it.engine) === at)

describe.each(engines)('$engine, $policy', ({ start }) => {
  test('the page follows what the applications answer, by itself', {
    timeout: 120_000,
    skip: !start
  }, async () => {
    const browser = await (start as NonNullable<Setting['start']>)(world)
    try {
      const tab = await browser.newTab()
      await signIn(tab)
      const id = await signOut(tab)
      expect(await progressIn(tab)).toBe('None of the 2 sites has confirmed yet.')
      // It hears of changes, so nobody has to load it again.
      await until(async () => !(await asksToReload(tab)))
      await answered(id, 'radio', 'delivered')
      await until(async () => (await progressIn(tab)) === '1 of 2 sites have confirmed.')
      expect(await statesIn(tab)).toEqual([expect.stringMatching(/^(queued|trying): /), 'delivered: Told'])
      await answered(id, 'paper', 'refused')
      await until(async () => (await statesIn(tab))[0] === 'refused: Turned down')
      expect(await progressIn(tab)).toBe('1 of 2 sites have confirmed.')
      expect(await asksToReload(tab)).toBe(false)
      expect(await tab.evaluate(() => document.querySelector('progress')?.value)).toBe(1)
      // Loaded again it says the same, and has nothing to wait for.
      await tab.goto(`${issuer}/logout/signed-out`)
      expect(await progressIn(tab)).toBe('1 of 2 sites have confirmed.')
      expect(await tab.evaluate(() => document.scripts.length)).toBe(0)
    } finally {
      await browser.close()
    }
  })
})
