import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The first column of the table under a heading, names that stand together taken apart, in order. */
export function rowsUnder(page: string, heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const table = section.split('\n\n').find(it => it.trim().startsWith('|')) ?? ''
  return table
    .trim()
    .split('\n')
    .slice(2)
    .flatMap(row => row.split('|')[1]?.split(',') ?? [])
    .map(it => it.trim().replaceAll('`', ''))
    .toSorted()
}

/** What the compiler says of a folder with a `tsconfig.json`: nothing, if all is well. */
export function saidByCompiler(folder: string): string {
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
  try {
    return execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
