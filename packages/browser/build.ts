import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** What is built: file, entry, form. */
const bundles = [
  { file: 'index.js', entry: 'src/index.ts', format: 'esm' },
  { file: 'utgang.js', entry: 'src/script.ts', format: 'iife' }
] as const

/** Builds the SDK into a folder: two bundles, and the types of the module. The same sources give the same bytes. */
export async function buildSdk(folder: string): Promise<void> {
  for (const { file, entry, format } of bundles) {
    const bundle = await rolldown({
      input: here(entry),
      platform: 'browser',
      transform: { target: 'es2022' }
    })
    await bundle.write({ file: join(folder, file), format, minify: true, comments: false })
    await bundle.close()
  }
  writeFileSync(join(folder, 'index.d.ts'), types())
}

/** The types in one file, as the sources say them; only what the module exports. */
function types(): string {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-types-'))
  try {
    const options = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--outDir', folder]
    const { status, stdout } = spawnSync('npx', ['tsc', '-p', here('tsconfig.json'), ...options], {
      encoding: 'utf8'
    })
    if (status !== 0) throw new Error(`no types:\n${stdout}`)
    const read = (name: string): string => readFileSync(join(folder, `${name}.d.ts`), 'utf8')
    const parts = [read('sdk-error'), read('types').replace(/^import .*\n/gm, '')]
    return `${parts.join('\n')}
/**
 * Starts the SDK for a client in this page. Once more for the same client gives the same one, so that nothing is told twice.
 * @throws SdkError \`invalid_options\`
 */
export declare function init(options: InitOptions): Utgang;
`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildSdk(here('dist'))
