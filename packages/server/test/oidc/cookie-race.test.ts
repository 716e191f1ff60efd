import { afterAll, beforeAll, expect, test } from 'vitest'
import { password } from '../support/fixtures.ts'
import { authorization, codeOf, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { interruptedStorage } from './interrupted-storage.ts'

/*
 * Proving once more who one is changes the session's cookie. An authorization that another tab had under way, still
 * under the old cookie, must not bring that one back: it may be in the hands of whoever the new one was to shut out.
 */

const storage = interruptedStorage()
let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ wrapStorage: storage.wrap })
})
afterAll(() => at.close())

const name = '__Host-utgang'

test.each([{}, { prompt: 'none' }])(
  'an old cookie stays dead, and the new one alive, wherever the change lands in another request %j',
  async params => {
    for (let nth = 1; ; nth++) {
      const browser = at.browser()
      await signIn(at, browser, 'market')
      const old = browser.cookie(name) ?? ''
      const form = await browser.visit(authorization('market', { prompt: 'login' }).path)
      const tab = browser.copy()
      storage.arm(nth, async () => {
        const back = await browser.submit(form, { login: 'ola@example.test', password })
        codeOf(await browser.follow(back))
      })
      const first = await tab.go(authorization('news', params).path)
      const { happened, calls } = storage.disarm()
      if (!happened) {
        expect(codeOf(first)).toBeTruthy()
        break
      }
      const where = `before call ${nth}, ${calls[nth - 1]}`
      const stale = at.browser()
      stale.setCookie(name, old)
      expect(await at.sessionOf(stale), where).toBeUndefined()
      expect(await at.sessionOf(browser), where).toMatchObject({ sub: 'u-ola' })
      // Nor does its answer touch the new one, should it arrive last.
      expect(
        first.setCookies.filter(line => line.startsWith(`${name}=`)),
        where
      ).toEqual([])
      // It goes on in the new cookie; only one that arrived after the change, with the old cookie, is nobody's.
      expect(first.status, where).toBe(303)
      if (nth > calls.indexOf('findSessionByCookie') + 1)
        expect(codeOf(await browser.follow(first)), where).toBeTruthy()
    }
  }
)
