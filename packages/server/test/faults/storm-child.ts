import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Pool } from 'undici'
import { sidFor } from '../../src/sessions/sid.ts'
import { authenticated } from '../support/sign-in.ts'
import { type LoginState, owedTo, type PreparedLogin, untouched } from './prepared-login.ts'
import type { Ended, EndUser, Ready } from './storm-messages.ts'

/** The ways out that the storm takes. */
export const ways = ['redirect', 'api', 'end_session', 'whole_user'] as const

/** One of {@link ways}. */
export type Way = (typeof ways)[number]

/** A running server that can be killed. */
export interface StormChild {
  /** Resolves with the receipt's id once the whole answer is there; rejects when there is none. */
  logOut(way: Way, login: PreparedLogin): Promise<string>
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
}

/** What is true of a login after it took this way out. */
export function after(way: Way, login: PreparedLogin): LoginState {
  const ended = { signedIn: false, marketToken: false, deliveries: owedTo(login), receipts: 1 }
  const revoked = { newsToken: false, newsRefresh: false, receipts: 1 }
  switch (way) {
    case 'redirect':
    case 'whole_user':
      return { ...ended, ...revoked }
    case 'end_session':
      return { ...untouched, ...ended }
    case 'api':
      return { ...untouched, ...revoked }
  }
}

/** An answer came, but not one that says "done". */
export class RefusedError extends Error {
  readonly status: number
  constructor(status: number, text: string) {
    super(`${status}: ${text.slice(0, 300)}`)
    this.status = status
  }
}

/** Starts a server on a config file; resolves once it listens. */
export async function startStormChild(configFile: string): Promise<StormChild> {
  const child = fork(new URL('./storm-server.ts', import.meta.url), [configFile], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc']
  })
  let complaints = ''
  child.stderr?.on('data', chunk => {
    complaints += chunk
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const port = await Promise.race([
    once(child, 'message').then(([ready]) => (ready as Ready).port),
    exited.then(code => Promise.reject(new Error(`the server ended with ${code}: ${complaints}`)))
  ])
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 48 })
  const endUser = wholeUsers(child)
  return {
    logOut: (way, login) => (way === 'whole_user' ? endUser(login.sub) : overHttp(pool, way, login)),
    async kill(signal) {
      child.kill(signal)
      const code = await exited
      await pool.destroy()
      return code
    }
  }
}

async function overHttp(pool: Pool, way: Exclude<Way, 'whole_user'>, login: PreparedLogin): Promise<string> {
  const { statusCode, headers, body } = await pool.request(requestFor(way, login))
  // Only a whole answer counts.
  const text = await body.text()
  const receipt = headers['utgang-receipt']
  if (statusCode >= 400 || typeof receipt !== 'string') throw new RefusedError(statusCode, text)
  return receipt
}

function requestFor(way: Exclude<Way, 'whole_user'>, login: PreparedLogin) {
  if (way === 'redirect') {
    const path = `/logout?client_id=news&oauth_token=${login.newsToken}`
    return { method: 'GET', path, headers: { cookie: `__Host-utgang=${login.cookie}` } } as const
  }
  if (way === 'api') {
    const headers = { authorization: `Bearer ${login.newsToken}` }
    return { method: 'GET', path: '/api/2/logout', headers } as const
  }
  const { form, basic = [] } = authenticated('market', { sid: sidFor(login.uid, 'market') })
  const headers = {
    authorization: `Basic ${btoa(basic.map(encodeURIComponent).join(':'))}`,
    'content-type': 'application/x-www-form-urlencoded'
  }
  const body = new URLSearchParams(form as Record<string, string>).toString()
  return { method: 'POST', path: '/oauth/end_session', headers, body } as const
}

/** Ends whole users over the channel between the processes; a call dies with the process. */
function wholeUsers(child: ChildProcess): (sub: string) => Promise<string> {
  const waiting = new Map<string, { resolve: (id: string) => void; reject: (reason: Error) => void }>()
  child.on('message', ({ endedUser, receiptId }: Ended) => {
    waiting.get(endedUser)?.resolve(String(receiptId))
    waiting.delete(endedUser)
  })
  let gone = false
  child.once('exit', () => {
    gone = true
    for (const { reject } of waiting.values()) reject(new Error('the server is gone'))
  })
  return sub =>
    new Promise((resolve, reject) => {
      if (gone || !child.connected) return reject(new Error('the server is gone'))
      waiting.set(sub, { resolve, reject })
      child.send({ endUser: sub } satisfies EndUser, error => {
        if (error) reject(error)
      })
    })
}
