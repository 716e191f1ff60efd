import { execFileSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** What an application may bring along for an adapter or a store. The core imports none of it. */
const peers = { express: '>=4', fastify: '5', hono: '4', pg: '8', redis: '>=5' }

/**
 * Builds the package that is published, whole, into a folder that is emptied before: JavaScript and declarations, since Node strips no
 * types under `node_modules`. In the clone, the sources are the package.
 */
export function build(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
  execFileSync(process.execPath, [tsc, '-p', here('tsconfig.build.json'), '--outDir', folder], {
    stdio: 'inherit'
  })
  nameBuiltFiles(folder)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  copyFileSync(here('README.md'), join(folder, 'README.md'))
  copyFileSync(here('../../LICENSE'), join(folder, 'LICENSE'))
}

/** The compiler names the built files in JavaScript, but leaves the sources' names in declarations. */
function nameBuiltFiles(folder: string): void {
  for (const file of globSync(`${folder}/**/*.d.ts`)) {
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/(from |import\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'))
  }
}

function manifest(): object {
  const {
    private: _private,
    scripts: _scripts,
    devDependencies: _devDependencies,
    exports,
    ...rest
  } = JSON.parse(readFileSync(here('package.json'), 'utf8'))
  return {
    ...rest,
    exports: Object.fromEntries(Object.entries<string>(exports).map(([name, path]) => [name, built(path)])),
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(Object.keys(peers).map(name => [name, { optional: true }]))
  }
}

function built(path: string): object | string {
  if (!path.endsWith('.ts')) return path
  const file = path.replace(/^\.\/src\//, './').replace(/\.ts$/, '')
  return { types: `${file}.d.ts`, default: `${file}.js` }
}

if (import.meta.main) build(here('dist'))
