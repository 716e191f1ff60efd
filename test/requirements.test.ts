import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testFiles } from './test-files.ts'

const page = readFileSync(new URL('../docs/requirements.md', import.meta.url), 'utf8')
const listed = [...page.matchAll(/^\| ([A-Z]+-\d\d) +\|/gm)].map(([, id = '']) => id)

/** Ids of requirements look like RPI-07; what else looks so. */
const others = /^(UTF|SHA|AES|ISO)-/
const named = new Set(
  testFiles()
    // A comment is in no test's name, by which `-t` finds it.
    .map(({ text }) => text.replaceAll(/^ *(\/\/|\/?\*).*$/gm, ''))
    .flatMap(text => text.match(/\b[A-Z]{1,4}-\d\d\b/g) ?? [])
    .filter(id => !others.test(id))
)

test.each(listed)('%s is named by a test', id => {
  expect(named).toContain(id)
})

test('every id that a test names is listed, once', () => {
  expect([...named].filter(id => !listed.includes(id))).toEqual([])
  expect(new Set(listed).size).toBe(listed.length)
  expect(listed.length).toBeGreaterThan(70)
})
