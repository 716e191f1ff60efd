import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testFiles } from './test-files.ts'

const page = readFileSync(new URL('../docs/decisions.md', import.meta.url), 'utf8')
const sections = page.split(/^## /m).slice(1)
const decided = sections.flatMap(text => {
  const [, id, tests = ''] = /^(X-\d\d):[\s\S]*^Tests: (.*)$/m.exec(text) ?? []
  const names = [...tests.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  return id === undefined ? [] : [{ id, names }]
})

test('every conflict has a decision', () => {
  expect(decided.map(it => it.id)).toEqual(Array.from({ length: 8 }, (_, at) => `X-0${at + 1}`))
})

test.each(decided)(
  '$id: the tests that it names are there, and one of them bears its id',
  ({ id, names }) => {
    const found = names.map(name => testFiles().find(it => it.path.endsWith(`/${name.replace(/^.*\//, '')}`)))
    expect(found.map((it, at) => it?.path ?? `no ${names[at]}`)).toEqual(
      names.map(name => expect.stringContaining(name))
    )
    expect(found.some(it => it?.text.includes(`${id}:`) || it?.text.includes(`${id},`))).toBe(true)
  }
)
