import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished, vi } from 'vitest'
import { clients, issuer, users } from '../support/fixtures.ts'

// Each command is a process that loads everything anew: on a busy machine a test with ten of them takes its time.
vi.setConfig({ testTimeout: 120_000 })

/** Compiled once for all processes of a test file. */
const compiled = mkdtempSync(join(tmpdir(), 'utgang-compiled-'))
afterAll(() => rmSync(compiled, { recursive: true, force: true }))

const main = new URL('../../src/main.ts', import.meta.url).pathname

/** What one command said. */
export interface Said {
  code: number | null
  stdout: string
  stderr: string
}

/** A folder with a configuration and its database, for commands of the real binary. */
export interface Place {
  folder: string
  config: string
  /** Runs one command on this configuration to its end. */
  run(...args: string[]): Promise<Said>
  /** The same, with text on its standard input. */
  runWith(input: string, ...args: string[]): Promise<Said>
  /** Starts a server on this configuration and waits until it is ready. */
  serve(): Promise<Serving>
}

/** A server in a process of its own. */
export interface Serving {
  process: ChildProcess
  origin: string
  port: number
  /** Everything it has printed. */
  output(): string
  /** Its exit code, once it has gone. */
  gone: Promise<number | null>
}

/** Lays out a place for one file or one test; `remove` is the caller's to call. */
export function newPlace(more: Record<string, unknown> = {}): Place & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-cli-'))
  const config = join(folder, 'utgang.json')
  const storage = `sqlite:${join(folder, 'utgang.db')}`
  const listen = { host: '127.0.0.1', port: 0 }
  writeFileSync(config, JSON.stringify({ issuer, listen, storage, clients, users, ...more }))
  const run = (...args: string[]): Promise<Said> => utgang([...args, '--config', config])
  return {
    folder,
    config,
    run,
    runWith: (input, ...args) => utgang([...args, '--config', config], { input }),
    serve: () => serve(config),
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the command line as it is, to its end. With `stopsReading` nobody reads what it prints. */
export function utgang(
  args: string[],
  {
    input,
    env = {},
    stopsReading
  }: { input?: string; env?: Record<string, string>; stopsReading?: true } = {}
): Promise<Said> {
  const child = start(args, env)
  if (stopsReading) child.stdout?.destroy()
  child.stdin?.end(input)
  return collect(child)
}

async function collect(child: ChildProcess): Promise<Said> {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  child.stdout?.on('data', data => void stdout.push(String(data)))
  child.stderr?.on('data', data => void stderr.push(String(data)))
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

async function serve(config: string): Promise<Serving> {
  const child = start(['serve', '--config', config])
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  const gone = new Promise<number | null>(resolve => child.once('close', resolve))
  const ready = new Promise<void>((resolve, reject) => {
    const hear = (data: unknown): void => {
      output += data
      if (/^ready$/m.test(output)) resolve()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    void gone.then(code => reject(new Error(`the server stopped (${code}): ${output}`)))
  })
  await ready
  const port = Number(/ on 127\.0\.0\.1:(\d+)\n/.exec(output)?.[1])
  return { process: child, port, origin: `http://127.0.0.1:${port}`, output: () => output, gone }
}

function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compiled, ...env }
  })
}
