import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Whatever happens to the tests, no process of theirs stays behind. */
export function killWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}

/** Ends processes by their ids: those that are still there after a while are killed. */
export async function endAll(pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 60 && pids.some(isRunning); tries++) await wait(50)
  for (const pid of pids.filter(isRunning)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It went by itself meanwhile.
    }
  }
}

/** All descendants of a process. */
export function descendantsOf(pid: number): number[] {
  const children = Map.groupBy(
    readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .flatMap(name => {
        const parent = statOf(Number(name))?.parent
        return parent === undefined ? [] : [{ id: Number(name), parent }]
      }),
    it => it.parent
  )
  const under = (id: number): number[] => (children.get(id) ?? []).flatMap(it => [it.id, ...under(it.id)])
  return under(pid)
}

/** Removes a profile; a browser that is just ending may still write into it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

function isRunning(pid: number): boolean {
  const state = statOf(pid)?.state
  return state !== undefined && state !== 'Z'
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}
