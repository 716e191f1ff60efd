import { expect, test } from 'vitest'
import { loggable } from '../src/loggable.ts'

test('errors keep the errors that they come from, and nothing else', () => {
  const inner = new Error('inner', { cause: { body: { access_token: 'secret' } } })
  const outer = new Error('outer', { cause: inner })
  expect(loggable(outer)).toBe(outer)
  expect(outer.cause).toBe(inner)
  expect('cause' in inner).toBe(false)
})

test('causes that go round, a frozen error, and what is no error come through', () => {
  const round = new Error('round')
  round.cause = round
  for (const it of [round, Object.freeze(new Error('frozen', { cause: 1 })), 'a text', undefined])
    expect(loggable(it)).toBe(it)
})
