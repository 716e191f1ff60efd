import { expect, test } from 'vitest'
import { errorTable } from '../packages/server/src/errors.ts'
import { expectMade, table } from './docs-made.ts'

test('docs/errors.md holds every error of the table, and no other', async () => {
  const rows = Object.entries(errorTable)
  expect(rows.length).toBeGreaterThan(20)
  await expectMade(
    'errors.md',
    table(
      ['Code', 'Status', 'What it means', 'What to do'],
      rows.map(([code, { status, meaning, remedy }]) => [`\`${code}\``, String(status), meaning, remedy])
    )
  )
})

test('the table is in the order of the alphabet, so that a code is found', () => {
  const codes = Object.keys(errorTable)
  expect(codes).toEqual(codes.toSorted())
})
