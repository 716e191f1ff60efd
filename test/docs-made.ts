import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

const start = /<!-- made from the code: npm run unit -- .* -u -->\n/
const end = '<!-- end -->'

/** The text of a page in docs/. */
export const page = (name: string): string => readFileSync(address(name), 'utf8')

/**
 * Expects the part of a page that is made from the code to say what the code says: what one has and the other has
 * not is a failure either way. With `-u` the page is written anew instead.
 * @param essence what of it has to agree; by default every letter
 */
export async function expectMade(
  name: string,
  made: string,
  essence = (part: string): string => part
): Promise<void> {
  const text = page(name)
  const before = text.split(start, 1)[0] ?? ''
  const from = before.length + (start.exec(text)?.[0].length ?? 0)
  const to = text.indexOf(end)
  expect(from, `${name} has a part that is made`).toBeGreaterThan(before.length)
  expect(to).toBeGreaterThanOrEqual(from)
  const part = `\n${made.trim()}\n\n`
  const isUpdate = expect.getState().snapshotState.snapshotUpdateState === 'all'
  if (!isUpdate && essence(part) === essence(text.slice(from, to))) return
  await expect(`${text.slice(0, from)}${part}${text.slice(to)}`).toMatchFileSnapshot(address(name).pathname)
}

/** A table, its columns aligned as the formatter wants them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map(row => row.map(cell => cell.replaceAll('|', '\\|')))
  const widths = head.map((_cell, column) => Math.max(3, ...cells.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`
  const [first = [], ...others] = cells
  return [line(first), line(widths.map(width => '-'.repeat(width))), ...others.map(line)].join('\n')
}

function address(name: string): URL {
  return new URL(`../docs/${name}`, import.meta.url)
}
