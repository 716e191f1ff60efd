import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { rowsUnder, saidByCompiler } from '../../../test/readme-page.ts'
import type { Events, InitOptions, SdkErrorCode } from '../src/index.ts'

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const readme = readFileSync(here('README.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'utgang-readme-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('every example compiles against the types that are published', () => {
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(it => it[1] ?? '')
  expect(examples.length).toBeGreaterThan(3)
  examples.forEach((text, i) => {
    writeFileSync(join(folder, `example-${i}.ts`), text)
  })
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: [],
    paths: { '@utgang/browser': [here('dist/index.d.ts')] }
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  expect(saidByCompiler(folder)).toBe('')
})

test('every option has a row', () => {
  const options: Record<keyof InitOptions, true> = {
    client_id: true,
    server: true,
    https: true,
    redirect_uri: true,
    scope: true,
    backend: true,
    fallback: true,
    watch: true,
    timeout: true
  }
  expect(rowsUnder(readme, 'init(options)')).toEqual(Object.keys(options).toSorted())
})

test('every event has a row', () => {
  const events: Record<keyof Events, true> = {
    login: true,
    logout: true,
    userChange: true,
    sessionInit: true,
    sessionChange: true,
    statusChange: true,
    notLoggedin: true,
    visitor: true,
    error: true,
    loginException: true
  }
  expect(rowsUnder(readme, 'Events')).toEqual(Object.keys(events).toSorted())
})

test('every code has a row', () => {
  const codes: Record<SdkErrorCode, true> = {
    invalid_options: true,
    network: true,
    timeout: true,
    server_error: true,
    too_many_requests: true,
    refused: true,
    not_ended: true,
    login_failed: true
  }
  expect(rowsUnder(readme, 'Errors')).toEqual(Object.keys(codes).toSorted())
})

test('it says how big the files are', () => {
  const kB = (name: string): string =>
    (gzipSync(readFileSync(here(`dist/${name}`)), { level: 9 }).length / 1000).toFixed(1)
  expect(readme).toContain(
    `- ${kB('index.js')} kB (minified, gzip), no dependencies. The script build with SPiD's globals, without signing in: ${kB('utgang.js')} kB.`
  )
})
