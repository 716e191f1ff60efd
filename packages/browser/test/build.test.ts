import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { build } from '../build.ts'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'utgang-dist-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('dist is what the sources give, to the byte; if not: npm run build --workspace @utgang/browser', async () => {
  await build(folder)
  expect(readdirSync(dist).toSorted()).toEqual(readdirSync(folder).toSorted())
  for (const name of readdirSync(dist))
    expect(readFileSync(join(folder, name), 'utf8'), name).toBe(readFileSync(join(dist, name), 'utf8'))
})

test('the package has the licence that it names', () => {
  const licence = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
  expect(licence('../LICENSE')).toBe(licence('../../../LICENSE'))
})

/** Largest that each file may be, minified and compressed, in bytes. */
test.each([
  ['index.js', 6144],
  ['utgang.js', 6144]
])('%s is at most %i bytes', (name, most) => {
  expect(gzipSync(readFileSync(join(dist, name)), { level: 9 }).length).toBeLessThanOrEqual(most)
})

test.each(['index.js', 'utgang.js'])('%s reads the same in every charset', name => {
  expect(readFileSync(join(dist, name)).every(byte => byte < 0x80)).toBe(true)
})

test('what the module exports, and its types', async () => {
  const module = await import('../dist/index.js')
  expect(Object.keys(module).toSorted()).toEqual(['SdkError', 'init'])
  await expect(readFileSync(join(dist, 'index.d.ts'), 'utf8')).toMatchFileSnapshot('./public-api.snapshot')
})

test('the types stand alone, for browsers with and without Node’s', () => {
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
  const options = ['--ignoreConfig', '--strict', '--noEmit', '--types', '', '--lib', 'es2022,dom']
  expect(() =>
    execFileSync(process.execPath, [tsc, ...options, join(dist, 'index.d.ts')], { encoding: 'utf8' })
  ).not.toThrow()
})

test('the module may be loaded where there is no browser, as servers do that render pages', () => {
  const script = `await import(${JSON.stringify(join(dist, 'index.js'))}); console.log('loaded')`
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })).toBe(
    'loaded\n'
  )
})
