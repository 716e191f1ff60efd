import { performance } from 'node:perf_hooks'
import type { WayOut } from '../web/outgoing.ts'
import { type Answer, exchange, type NoAnswer } from './exchange.ts'
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
  const met = await tryOnce(it, { dispatcher, check })
  return { ...met, milliseconds: Math.round(performance.now() - start) }
}

async function tryOnce(
  { address, headers, body, readStatus, readProblem }: Post,
  { dispatcher, check }: WayOut
): Promise<Omit<Attempted, 'milliseconds'>> {
  const url = URL.parse(address)
  if (!url) return noAnswer({ code: 'ERR_INVALID_URL', message: 'Invalid URL', neverSent: true })
  try {
    check(url)
  } catch (error) {
    const { code = 'Error', message } = error as NodeJS.ErrnoException
    return noAnswer({ code, message, neverSent: true })
  }
  const answer = await exchange({ address: url, headers, body }, dispatcher, {
    milliseconds: attemptTimeoutMs,
    bytes: mostAnswerBytes
  })
  if ('code' in answer) return noAnswer(answer)
  return {
    status: answer.status,
    verdict: readStatus(answer.status),
    heardMaybe: false,
    retryAfterSeconds: retryAfter(answer.headers['retry-after']),
    problem: problemIn(answer, readProblem)
  }
}

function noAnswer({ code, message, neverSent }: NoAnswer): Omit<Attempted, 'milliseconds'> {
  const problem = `${code}: ${message}`.slice(0, longestProblem)
  return { status: null, verdict: 'failed', heardMaybe: !neverSent, problem }
}

function problemIn({ status, body }: Answer, readProblem: Post['readProblem']): string | null {
  if (status !== 400) return null
  try {
    const said = readProblem(JSON.parse(body.toString('utf8')))
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
