import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

const start = '<!-- made from the code: npm run unit -- test/docs -u -->\n'
const end = '<!-- end -->'

/** The text of a page in docs/. */
export const page = (name: string): string => readFileSync(address(name), 'utf8')

/**
 * Expects the part of a page that is made from the code to say what the code says: what one has and the other has
 * not is a failure either way. With `-u` the page is written anew instead.
 */
export async function expectMade(name: string, made: string): Promise<void> {
  const text = page(name)
  const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)]
  expect(from, `${name} has a part that is made`).toBeGreaterThan(start.length)
  expect(to).toBeGreaterThanOrEqual(from)
  await expect(`${text.slice(0, from)}\n${made.trim()}\n\n${text.slice(to)}`).toMatchFileSnapshot(
    address(name).pathname
  )
}

/** A table as the pages have it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function address(name: string): URL {
  return new URL(`../docs/${name}`, import.meta.url)
}
