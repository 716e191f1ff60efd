import { performance } from 'node:perf_hooks'
import { type Dispatcher, request } from 'undici'
import type { WayOut } from '../web/outgoing.ts'
import type { Met } from './schedule.ts'

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

/**
 * Posts one Logout Token (Back-Channel Logout 1.0 §2.5): a form with `logout_token` and nothing else. No redirect is
 * followed. Never throws: what went wrong is the outcome.
 */
export async function postLogoutToken(
  address: string,
  token: string,
  { dispatcher, check }: WayOut
): Promise<Attempted> {
  const start = performance.now()
  const took = (): number => Math.round(performance.now() - start)
  try {
    check(address)
    const answer = await request(address, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `logout_token=${token}`,
      signal: AbortSignal.timeout(attemptTimeoutMs)
    })
    const problem = await readProblem(answer)
    return {
      status: answer.statusCode,
      heardMaybe: false,
      retryAfterSeconds: retryAfter(answer.headers['retry-after']),
      problem,
      milliseconds: took()
    }
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException
    return {
      status: null,
      // Refused before anything was sent: nobody has heard it.
      heardMaybe: !neverSent.has(code ?? ''),
      problem: `${code ?? name}: ${message}`.slice(0, longestProblem),
      milliseconds: took()
    }
  }
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

/** The `error` of a 400, for whoever reads the log (Back-Channel Logout 1.0 §2.8); nothing is decided by it. */
async function readProblem({ statusCode, body }: Dispatcher.ResponseData): Promise<string | null> {
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
    const { error, error_description } = JSON.parse(Buffer.concat(parts).toString('utf8'))
    const text = [error, error_description].filter(it => typeof it === 'string').join(': ')
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
