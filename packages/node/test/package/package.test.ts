import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/browsers/support/processes.ts'
import { build } from '../../build.ts'

const folder = temporaryFolder('package')
const app = join(folder, 'app')
const installed = join(app, 'node_modules/@utgang/node')
const root = fileURLToPath(new URL('../../../..', import.meta.url))
const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'))

/** Has an application what a package in this project's `node_modules` is. */
function install(name: string): void {
  const path = join(app, 'node_modules', name)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), path)
}

function run(script: string): string {
  writeFileSync(join(app, 'script.js'), script)
  return execFileSync(process.execPath, ['script.js'], { cwd: app, encoding: 'utf8' })
}

beforeAll(() => {
  build(join(folder, 'built'))
  const packed = execFileSync('npm', ['pack', './built', '--json'], { cwd: folder, encoding: 'utf8' })
  const [{ filename }] = JSON.parse(packed)
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', filename, '--strip-components=1', '-C', installed], { cwd: folder })
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
  // What npm would bring along, and nothing else: no framework, no client of a database.
  for (const name of Object.keys(readJson(join(installed, 'package.json')).dependencies)) install(name)
})

test('the published package runs by itself: each name that it exports, where no framework and no database is', () => {
  const names = Object.keys(readJson(join(installed, 'package.json')).exports).filter(
    it => !it.endsWith('.json')
  )
  const imports = names.map(
    name => `console.log('${name}', Object.keys(await import('@utgang/node${name.slice(1)}')).join(' '))`
  )
  expect(run(imports.join('\n'))).toBe(
    [
      '. AuthError createAuth memorySessions',
      './express expressAuth',
      './fastify fastifyAuth',
      './hono honoAuth',
      './http nodeAuth',
      './sqlite sqliteSessions',
      './postgres postgresSessions',
      './redis redisSessions',
      './tokens expressTokenGuard fastifyTokenGuard honoTokenGuard nodeTokenGuard receiveEvents requireToken',
      ''
    ].join('\n')
  )
})

test('it exports what the clone exports', () => {
  const clone = readJson(join(root, 'packages/node/package.json'))
  const published = readJson(join(installed, 'package.json'))
  expect(Object.keys(published.exports)).toEqual(Object.keys(clone.exports))
  expect(published).toMatchObject({
    name: '@utgang/node',
    version: clone.version,
    dependencies: clone.dependencies
  })
  expect(Object.keys(published.peerDependenciesMeta)).toEqual(Object.keys(published.peerDependencies))
  for (const name of ['private', 'scripts', 'devDependencies']) expect(published).not.toHaveProperty(name)
})

test('no declaration names a file that is not in it', () => {
  const sources = globSync('**/*.d.ts', { cwd: installed }).filter(file =>
    /['"]\.[^'"]*\.ts['"]/.test(readFileSync(join(installed, file), 'utf8'))
  )
  expect(sources).toEqual([])
})

test('a site of the published package answers, and keeps sessions in a file', () => {
  expect(
    run(`
      import { createAuth } from '@utgang/node'
      import { sqliteSessions } from '@utgang/node/sqlite'
      const sessions = sqliteSessions({ path: 'sessions.db' })
      const auth = createAuth({
        issuer: 'https://id.example', client_id: 'news', client_secret: 's', origin: 'https://news.example', sessions
      })
      const answer = await auth.handle(new Request('https://news.example/auth/session'))
      console.log(answer.status, (await answer.json()).status)
      await auth.close()
      await sessions.close()
    `)
  ).toBe('200 notConnected\n')
})

test('its declarations are enough for an application in TypeScript, with real frameworks and clients', () => {
  for (const name of ['express', 'fastify', 'hono', 'pg', 'redis', '@redis/client']) install(name)
  for (const name of globSync('@types/{node,express,pg}', { cwd: join(root, 'node_modules') })) install(name)
  cpSync(fileURLToPath(new URL('app.ts', import.meta.url)), join(app, 'app.ts'))
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
  const options = ['--ignoreConfig', '--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024']
  let errors = ''
  try {
    execFileSync(process.execPath, [tsc, ...options, '--types', 'node', 'app.ts'], {
      cwd: app,
      encoding: 'utf8'
    })
  } catch (error) {
    errors = (error as { stdout: string }).stdout
  }
  // Declarations of others may contradict each other.
  const ours = errors.split('\n').filter(line => /^(app\.ts|node_modules\/@utgang)/.test(line))
  expect(ours, errors).toEqual([])
})
