import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const server = new URL('../../', import.meta.url).pathname
const modules = new URL('../../../../node_modules/', import.meta.url).pathname

/** The server's package on its own, with what it depends on and without the examples. */
function packageAlone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-alone-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['src', 'package.json'])
    cpSync(join(server, part), join(folder, part), { recursive: true })
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(modules))
    if (name !== 'utgang-examples') symlinkSync(join(modules, name), join(folder, 'node_modules', name))
  return folder
}

test('the demo without the example sites says what is missing, and makes nothing', async () => {
  const folder = packageAlone()
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>(resolve =>
    execFile(process.execPath, ['src/main.ts', 'demo'], { cwd: folder }, (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr })
    )
  )
  expect(stderr).toMatch(/^utgang: the example sites .*`npm start`.*\n {2}code: demo_not_installed\n$/)
  expect(code).toBe(1)
  expect(existsSync(join(folder, '.utgang'))).toBe(false)
})
