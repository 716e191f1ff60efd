import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Told } from './applications.ts'
import type { Delivered, Listening, Living, Login, Question, Reply } from './subjects/protocol.ts'

/** The servers that are measured, by the name of their script in `subjects/`. */
export type SubjectName = 'hello' | 'utgang' | 'oidc-provider' | 'applications' | 'outbox'

/** A server in a process of its own. */
export interface Child {
  port: number
  signIn(count: number, told?: Told): Promise<Login[]>
  living(logins: Login[]): Promise<Living>
  /** Posts that the applications have got so far. */
  heard(): Promise<number>
  deliver(alg: string, logouts: number): Promise<Delivered>
  /** Processor time used so far by all its threads, in seconds. */
  cpuSeconds(): Promise<number>
  startProfile(): Promise<void>
  saveProfile(file: string): Promise<void>
  close(): Promise<void>
}

/**
 * Starts a server and waits until it listens.
 * @param args of its command line
 * @throws Error when it ends instead
 */
export async function startChild(name: SubjectName, args: readonly string[] = []): Promise<Child> {
  const child = fork(new URL(`subjects/${name}.ts`, import.meta.url), args, {
    env: { ...process.env, NODE_ENV: 'production' },
    // oidc-provider says at the start what one should set in production; that is not our subject.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc']
  })
  let complaints = ''
  child.stderr?.on('data', chunk => {
    complaints += chunk
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code}\n${complaints}`)
  })
  // Whoever waits for an answer hears of it; an end in between is noticed by the next question.
  ended.catch(() => {})

  async function heard<T>(): Promise<T> {
    const [message] = await Promise.race([once(child, 'message'), ended])
    return message as T
  }

  async function ask<T>(question: Question): Promise<T> {
    child.send(question)
    const reply = await heard<Reply>()
    if ('failure' in reply) throw new Error(`${name}: ${reply.failure}`)
    return reply.value as T
  }

  const { port } = await heard<Listening>()
  return {
    port,
    signIn: (count, told) => ask({ ask: 'signIn', count, told }),
    living: logins => ask({ ask: 'living', logins }),
    heard: () => ask({ ask: 'heard' }),
    deliver: (alg, logouts) => ask({ ask: 'deliver', alg, logouts }),
    cpuSeconds: () => ask({ ask: 'cpuSeconds' }),
    startProfile: () => ask({ ask: 'startProfile' }),
    saveProfile: file => ask({ ask: 'saveProfile', file }),
    async close() {
      await ask({ ask: 'close' })
      await ended.catch(() => {})
    }
  }
}
