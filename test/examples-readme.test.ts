import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const examples = new URL('../examples/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, examples), 'utf8')
const readme = read('README.md')

describe('the page about the examples', () => {
  const quoted = [...readme.matchAll(/<!-- (\S+) -->\n\n```\w+\n([\s\S]*?)\n```/g)]

  test('quotes code with the name of its file', () => {
    expect(quoted).toHaveLength([...readme.matchAll(/^```\w+$/gm)].length)
    expect(quoted.length).toBeGreaterThan(3)
  })

  test.each(quoted.map(([, file = '', code = '']) => ({ file, code })))('quotes $file as it is', quote => {
    expect(read(quote.file)).toContain(quote.code)
  })

  test('names files that are there', () => {
    const names = [...readme.matchAll(/`(src\/[^`]+)`/g)].map(([, name = '']) => name)
    expect(names.filter(name => !existsSync(new URL(name, examples)))).toEqual([])
  })
})
