import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testFiles } from './test-files.ts'

const page = readFileSync(new URL('../docs/how-logout-works.md', import.meta.url), 'utf8')
const [, table = ''] = page.split('## Every statement, and the test that proves it')

/** Rows are "statement | `file`: name of the test", several tests in one row set apart by `<br>`. */
const proofs = table
  .split('\n')
  .filter(line => line.startsWith('| ') && !/^\| (statement|-)/.test(line))
  .flatMap(line => {
    const [, statement = '', tests = ''] = line.split('|').map(cell => cell.trim())
    return tests.split('<br>').map(proof => {
      const [, file = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(proof.trim()) ?? []
      return { statement, file, name }
    })
  })

test('statements are proven', () => {
  expect(proofs.length).toBeGreaterThan(20)
})

test.each(proofs)('$statement → $file: $name', ({ file, name }) => {
  const found = testFiles().find(({ path }) => path.endsWith(`/${file}`))
  expect(found, `no test file ${file}`).toBeDefined()
  expect(found?.text).toContain(name)
})
