import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endWithUs } from '../../../../test/browsers/support/processes.ts'
import { newListeners } from '../../src/sessions/listeners.ts'
import type { RpSessionStore, RpSessionsEnded } from '../../src/sessions/store.ts'
import type { Kind } from './open-store.ts'

type Method = Exclude<keyof RpSessionStore, 'onEnded' | 'close'>

/** What another process is asked to do. */
export interface Call {
  id: number
  method: Method
  args: unknown[]
}

/** What it says. */
export type Answer =
  | { isOpen: true }
  | { ended: RpSessionsEnded }
  | { id: number; value: unknown }
  | { id: number; error: string }

/** A store in a process of its own. */
export interface OtherProcess {
  store: RpSessionStore
  /** Kills it, as a crash would. */
  kill(): Promise<void>
}

/** Starts one, which opens a store. */
export async function otherProcess(kind: Kind, address: string): Promise<OtherProcess> {
  const child = fork(fileURLToPath(import.meta.resolve('./store-process.ts')), [kind, address], {
    execArgv: []
  })
  endWithUs(child)
  const listeners = newListeners()
  const calls = new Map<number, PromiseWithResolvers<never>>()
  const isOpen = Promise.withResolvers<void>()
  child.on('message', (answer: Answer) => {
    if ('isOpen' in answer) isOpen.resolve()
    else if ('ended' in answer) listeners.tell(answer.ended)
    else if ('error' in answer) calls.get(answer.id)?.reject(new Error(answer.error))
    else calls.get(answer.id)?.resolve(answer.value as never)
  })
  child.once('exit', code => {
    const gone = new Error(`the process has ended with ${code}`)
    isOpen.reject(gone)
    for (const it of calls.values()) it.reject(gone)
  })
  await isOpen.promise

  function call(method: Method) {
    return (...args: unknown[]): Promise<never> => {
      const id = calls.size
      const answer = Promise.withResolvers<never>()
      calls.set(id, answer)
      child.send({ id, method, args } satisfies Call)
      return answer.promise
    }
  }

  return {
    store: {
      create: call('create'),
      find: call('find'),
      replace: call('replace'),
      end: call('end'),
      endBySid: call('endBySid'),
      endBySub: call('endBySub'),
      takeJti: call('takeJti'),
      returnJti: call('returnJti'),
      onEnded: listeners.add,
      close: () => ended(child, () => child.disconnect())
    },
    kill: () => ended(child, () => child.kill('SIGKILL'))
  }
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  end()
  await exit
}
