import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const source = (name: string): string => fileURLToPath(new URL(`src/${name}`, import.meta.url))

/**
 * Builds the SDK into a folder: `index.js` (ES module), `utgang.js` (for a script tag) and `index.d.ts` (types, in one
 * file). The same sources give the same bytes.
 */
export async function build(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await bundle('index.ts', join(folder, 'index.js'), 'esm')
  await bundle('script.ts', join(folder, 'utgang.js'), 'iife')
  writeFileSync(join(folder, 'index.d.ts'), types())
}

async function bundle(input: string, file: string, format: 'esm' | 'iife'): Promise<void> {
  const bundled = await rolldown({
    input: source(input),
    platform: 'browser',
    transform: { target: 'es2022' }
  })
  await bundled.write({ file, format, minify: true, comments: false })
  await bundled.close()
}

/** The public files, in the order in which they read best, made into declarations and put together. */
function types(): string {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-types-'))
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
  const project = fileURLToPath(new URL('tsconfig.json', import.meta.url))
  try {
    execFileSync(process.execPath, [
      tsc,
      '-p',
      project,
      '--declaration',
      '--emitDeclarationOnly',
      '--outDir',
      folder
    ])
    return ['init', 'types', 'sdk-error']
      .map(name => readFileSync(join(folder, `${name}.d.ts`), 'utf8').replace(/^import .*\n/gm, ''))
      .join('')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) await build(fileURLToPath(new URL('dist', import.meta.url)))
