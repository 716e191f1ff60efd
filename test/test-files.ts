import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every test file, by its path from the root. This one's readers compare documents with the tests that they speak of. */
export function testFiles(): { path: string; text: string }[] {
  return globSync('{packages/*/test,test}/**/*.test.ts', { cwd: root })
    .toSorted()
    .map(path => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }))
}
