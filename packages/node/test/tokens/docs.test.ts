import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { expect, onTestFinished, test, vi } from 'vitest'

const page = readFileSync(new URL('../../../../docs/access-tokens.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)

test('the examples of docs/access-tokens.md are there', () => expect(examples).toHaveLength(2))

test.each(examples.map((code, index) => [index + 1, code] as const))(
  'example %i runs',
  async (_index, code) => {
    vi.stubEnv('API_SECRET', 'a secret of a test')
    onTestFinished(() => void vi.unstubAllEnvs())
    const script = stripTypeScriptTypes(code)
      .replace(/import (\w+) from ('[^']+')/g, 'const { default: $1 } = await load($2)')
      .replace(/import (\{[^}]+\}) from ('[^']+')/g, 'const $1 = await load($2)')
      .replaceAll('export const', 'const')
    // The package itself by its name, as an application imports it.
    const load = (name: string) => import(name)
    const run = new Function('load', 'process', `return (async () => {${script}; return guard })()`)
    const guard = await run(load, process)
    expect(guard.check).toBeTypeOf('function')
    await guard.close()
  }
)
