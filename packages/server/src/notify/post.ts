import { performance } from 'node:perf_hooks'
import { type Dispatcher, request } from 'undici'
import type { WayOut } from '../web/outgoing.ts'
import type { Met, Verdict } from './schedule.ts'

/** Longest that one attempt may take, from connect to last byte, in milliseconds. Later counts as failed and is tried again. */
const attemptTimeoutMs = 5000
/** Most of an answer that is read, in bytes: nothing in it matters but its status. */
const mostAnswerBytes = 16 * 1024
/** Longest problem that is kept, in characters. */
const longestProblem = 200

/** What an attempt came to. */
export interface Attempted extends Met {
  problem: string | null
  milliseconds: number
}

/** What is posted where. */
interface Post {
  address: string
  headers: Record<string, string>
  body: string
  /** How this kind of receiver is understood. */
  readStatus(status: number): Verdict
  /** What a 400 says of itself, for whoever reads the log; nothing is decided by it. */
  readProblem(json: Record<string, unknown>): unknown[]
}

/** Posts once. No redirect is followed. Never throws: what went wrong is the outcome. */
export async function post(it: Post, { dispatcher, check }: WayOut): Promise<Attempted> {
  const start = performance.now()
  const took = (): number => Math.round(performance.now() - start)
  try {
    check(it.address)
    const answer = await request(it.address, {
      dispatcher,
      method: 'POST',
      headers: it.headers,
      body: it.body,
      signal: deadline()
    })
    const problem = await problemIn(answer, it.readProblem)
    return {
      status: answer.statusCode,
      verdict: it.readStatus(answer.statusCode),
      heardMaybe: false,
      retryAfterSeconds: retryAfter(answer.headers['retry-after']),
      problem,
      milliseconds: took()
    }
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException
    return {
      status: null,
      verdict: 'failed',
      // Refused before anything was sent: nobody has heard it.
      heardMaybe: !neverSent.has(code ?? ''),
      problem: `${code ?? name}: ${message}`.slice(0, longestProblem),
      milliseconds: took()
    }
  }
}

/** Attempts that begin within this time share a deadline, in milliseconds: a timer for each costs as much as signing. */
const sharedForMs = 100
let shared: { signal: AbortSignal; until: number } | undefined

function deadline(): AbortSignal {
  const now = performance.now()
  if (!shared || now >= shared.until)
    shared = { signal: AbortSignal.timeout(attemptTimeoutMs + sharedForMs), until: now + sharedForMs }
  return shared.signal
}

const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EACCES',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT'
])

async function problemIn(
  { statusCode, body }: Dispatcher.ResponseData,
  readProblem: Post['readProblem']
): Promise<string | null> {
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const part of body) {
      length += (part as Buffer).length
      if (length > mostAnswerBytes) break
      parts.push(part as Buffer)
    }
  } catch {
    // The status has come; the rest is of no interest.
  }
  body.destroy()
  if (statusCode !== 400) return null
  try {
    const said = readProblem(JSON.parse(Buffer.concat(parts).toString('utf8')))
    const text = said.filter(it => typeof it === 'string').join(': ')
    return text === '' ? null : text.slice(0, longestProblem)
  } catch {
    return null
  }
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  const value = Array.isArray(header) ? header[0] : header
  if (value === undefined) return undefined
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : undefined
}
