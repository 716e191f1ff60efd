import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkConfig } from '../packages/server/src/config/load.ts'

const root = new URL('../', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8')
const readme = read('README.md')

test('the configuration in the README is one that a server starts with', () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(readme) ?? []
  expect(checkConfig(JSON.parse(json)).clients).toHaveLength(1)
})

test('every script that the documents name is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  for (const page of ['README.md', 'CONTRIBUTING.md', 'bench/README.md', 'docs/requirements.md'])
    for (const [, name = ''] of read(page).matchAll(
      /npm (?:run )?(start|test|unit|bench|types|format|lint)\b/g
    ))
      expect(scripts, `${page}: ${name}`).toHaveProperty(name)
})

test.each(['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md', 'docs/how-logout-works.md'])(
  'what %s links to is there',
  page => {
    const from = new URL(page, root)
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link)
    expect(links.filter(link => !existsSync(new URL(link, from)))).toEqual([])
  }
)
