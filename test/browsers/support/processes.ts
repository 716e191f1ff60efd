import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

let keeper: ChildProcess | undefined

/** Hands a process to the keeper (keeper.ts): it ends with its descendants when we are gone, even if we are killed. */
export function endWithUs(child: ChildProcess): void {
  tellKeeper(`process ${child.pid}`)
  child.once('exit', () => tellKeeper(`gone ${child.pid}`))
}

/** A new folder for a browser, which is removed when we are gone. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `utgang-${name}-`))
  tellKeeper(`folder ${folder}`)
  return folder
}

/** Removes one now; a browser that is just ending may still write into it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Waits until processes have ended, at most three seconds; those that are still there are killed. */
export async function endAll(pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 60 && pids.some(isRunning); tries++) await wait(50)
  for (const pid of pids.filter(isRunning)) kill(pid)
}

/** Kills a process, if it is there. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It went by itself meanwhile.
  }
}

/** A process and all of its descendants; the process alone where the system does not tell. */
export function treeOf(pid: number): number[] {
  const children = Map.groupBy(everyProcess(), it => it.parent)
  const under = (id: number): number[] => (children.get(id) ?? []).flatMap(it => [it.id, ...under(it.id)])
  return [pid, ...under(pid)]
}

function tellKeeper(line: string): void {
  if (!keeper) {
    keeper = spawn(process.execPath, [fileURLToPath(import.meta.resolve('./keeper.ts'))], {
      // Of its own group: what stops the tests from the keyboard must not stop it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore']
    })
    keeper.unref()
  }
  keeper.stdin?.write(`${line}\n`)
}

function everyProcess(): { id: number; parent: number }[] {
  try {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .flatMap(name => {
        const parent = statOf(Number(name))?.parent
        return parent === undefined ? [] : [{ id: Number(name), parent }]
      })
  } catch {
    return []
  }
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
