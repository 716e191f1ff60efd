import type { Page } from 'puppeteer-core'
import { expect } from 'vitest'

/** What a person does at the example sites, and what they see there. */
export type ExampleVisitor = ReturnType<typeof exampleVisitor>

/** See {@link ExampleVisitor}. @param current the tab that is in front */
export function exampleVisitor(current: () => Page) {
  async function signIn(site: string, expected: 'password' | 'no password' = 'password'): Promise<void> {
    await current().goto(`${site}/auth/login`)
    if (expected === 'password') await enterPassword()
    expect(current().url()).toBe(`${site}/`)
    expect(await state('#visitor')).toBe('signed-in')
  }

  async function enterPassword(): Promise<void> {
    await current().type('[name=login]', 'demo@utgang.test')
    await current().type('[name=password]', 'correct horse battery staple')
    await click('#sign-in')
  }

  async function signOutEverywhere({ handOver = true } = {}): Promise<void> {
    await openMenu()
    if (!handOver) await current().click('#hand-over')
    await click('#sign-out-everywhere')
  }

  const openMenu = (): Promise<void> => current().click('#visitor summary')

  /** Clicks and waits for the page to which that leads, through all redirects. */
  async function click(selector: string): Promise<void> {
    await Promise.all([current().waitForNavigation(), current().click(selector)])
  }

  const text = (selector: string): Promise<string> => current().$eval(selector, it => it.textContent ?? '')

  const attribute = (selector: string, name: string): Promise<string | null> =>
    current().$eval(selector, (it, key) => it.getAttribute(key), name)

  const state = (selector: string): Promise<string | null> => attribute(selector, 'data-state')

  /** The panel "what the server says now". */
  async function verdict(): Promise<Record<'token' | 'api' | 'session', string | null>> {
    return {
      token: await state('#verdict-token'),
      api: await state('#verdict-api'),
      session: await state('#verdict-session')
    }
  }

  return {
    signIn,
    enterPassword,
    signOutEverywhere,
    openMenu,
    click,
    text,
    attribute,
    state,
    verdict
  }
}
