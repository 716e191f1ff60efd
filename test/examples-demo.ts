import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endWithUs } from './browsers/support/processes.ts'

/** `npm start`'s code in a process of its own. */
export interface Demo {
  /** Everything that it has printed. */
  output(): string
  /** Ends it as Ctrl-C does, and gives back its exit code. Once more is no error. */
  interrupt(): Promise<number | null>
}

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Starts the demo and waits until it says "ready".
 * @throws with everything that it printed when it ends before
 */
export async function startDemo(dataFolder: string): Promise<Demo> {
  const { child, output } = spawnDemo(dataFolder)
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => /^ready$/m.test(output()) && resolve())
    child.once('exit', code => reject(new Error(`the demo ended with ${code}:\n${output()}`)))
  })
  return {
    output,
    interrupt: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill('SIGINT')
      const [code] = (await ended) as [number | null]
      return code
    }
  }
}

/** Starts a demo that is expected to give up, and waits for its end. */
export async function failingDemo(dataFolder: string): Promise<{ code: number | null; output: string }> {
  const { child, output } = spawnDemo(dataFolder)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output: output() }
}

function spawnDemo(dataFolder: string): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['packages/server/src/main.ts', 'demo', '--data', dataFolder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  endWithUs(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (text += chunk))
  return { child, output: () => text }
}
