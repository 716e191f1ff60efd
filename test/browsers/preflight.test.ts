import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settings } from './support/browsers.ts'
import { callLogout, openPage, outcomeAt } from './support/pages.ts'
import { openWorld, until, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world?.close())

describe.each(settings)('$engine, $policy', ({ start }) => {
  test.skipIf(!start)('asks once whether a page may sign out, and keeps the answer', async () => {
    const engine = await start?.(world)
    if (!engine) throw new Error('it did not start')
    try {
      const tab = await openPage(engine, `${world.news.origin}/cookie`)
      world.at.logs.length = 0
      for (let i = 0; i < 3; i++) {
        await callLogout(tab, { fallback: 'none' })
        await until(async () => (await outcomeAt(tab)) !== null)
      }
      expect(asked()).toEqual(['OPTIONS', 'POST', 'POST', 'POST'])
    } finally {
      await engine.close()
    }
  })
})

/** The method of each request for a logout, in order. */
const asked = (): string[] =>
  world.at.logs
    .map(line => JSON.parse(line) as { method?: string; route?: string })
    .filter(it => it.route === '/sdk/logout')
    .map(it => it.method ?? '')
