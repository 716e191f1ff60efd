import { describe, expect, test } from 'vitest'
import { html } from '../examples/src/html.ts'
import { type Receipt, receiptPanel, type ToldState } from '../examples/src/receipt.ts'

const receipt = (own: ToldState): Receipt => ({
  id: 'r-1',
  cause: 'redirect',
  at: 1_700_000_000,
  sessions_ended: 1,
  grants_revoked: 0,
  tokens_revoked: 0,
  applications: { [own]: 1 },
  own: [{ state: own, attempts: 0 }]
})

const panel = (it: Receipt, tokensEndWithSession = false): string =>
  receiptPanel(it, { site: 'Torget', tokensEndWithSession }).markup

describe('the receipt that the example sites show', () => {
  test('a delivery that nobody has tried yet is queued, and nothing says that it was sent', () => {
    const shown = panel(receipt('pending'))
    expect(shown).toContain('Queued, not sent yet.')
    expect(shown).toContain('Still in the queue: 1.')
    expect(shown).not.toMatch(/told|delivered|confirmed|reached/i)
  })

  test('a delivery that was tried in vain is not called unsent', () => {
    const shown = panel({ ...receipt('pending'), own: [{ state: 'pending', attempts: 1 }] })
    expect(shown).toContain('Tried, not reached yet. It is tried again.')
    expect(shown).not.toMatch(/sent|delivered|confirmed/i)
  })

  test.each<[ToldState, boolean]>([
    ['delivered', true],
    ['pending', false],
    ['refused', false],
    ['unclear', false],
    ['gave_up', false],
    ['superseded', false],
    ['not_registered', false]
  ])('%s says confirmed: %s', (state, confirmed) => {
    expect(/confirmed/i.test(panel(receipt(state)))).toBe(confirmed)
  })

  test.each([
    ['kept', receipt('not_registered'), false, 'None revoked.'],
    ['bound to the session', receipt('not_registered'), true, 'Ended with the session'],
    ['handed over', { ...receipt('not_registered'), grants_revoked: 1 }, false, 'handed over'],
    // The count is of all sites: what another one handed over is not this one's.
    [
      'bound, while another site handed its own over',
      { ...receipt('not_registered'), grants_revoked: 1 },
      true,
      'Ended with the session'
    ]
  ])('tokens that were %s', (_how, it, bound, words) => {
    expect(panel(it, bound)).toContain(words)
  })
})

describe('the templates of the example sites', () => {
  test('escape whatever they are given, in text and in attributes', () => {
    const evil = `"><script>alert('x')</script>&`
    const { markup } = html`<p title="${evil}">${[evil]}</p>`
    expect(markup.slice(3, -4)).not.toMatch(/<|"></)
    expect(markup).not.toContain('<script')
  })

  test('leave alone what a template made, and show nothing for false and undefined', () => {
    expect(html`<p>${html`<b>${'<'}</b>`}${false}${undefined}${null}${0}</p>`.markup).toBe(
      '<p><b>&#60;</b>0</p>'
    )
  })
})
