import { SdkError, type SdkErrorCode } from './sdk-error.ts'
import type { Session, Status } from './types.ts'

/** What `/sdk/session`, or a backend in its place, answers. */
export interface SessionAnswer {
  status: Status
  user_id?: string
  display_name?: string
  uuid?: string
  sid?: string
  expires_at?: number
  cache_seconds?: number
  server_time?: number
  /** The logout for which this page left was done. */
  ended?: { receipt: string | null }
}

/** What `/sdk/logout`, or a backend in its place, answers. */
export interface LogoutAnswer {
  ended: boolean
  by?: 'cookie' | 'token'
  receipt?: string | null
}

/**
 * One call, read to the end.
 * @throws SdkError `network`, `timeout`; `too_many_requests`, `server_error`, `refused` by the status of the answer
 */
export async function call<Answer>(
  address: string,
  timeout: number,
  init: RequestInit = {}
): Promise<Answer> {
  let response: Response
  let text: string
  try {
    response = await fetch(address, { credentials: 'include', ...init, signal: AbortSignal.timeout(timeout) })
    text = await response.text()
  } catch (cause) {
    const late = (cause as Error).name === 'TimeoutError'
    throw new SdkError(
      late ? 'timeout' : 'network',
      `${late ? 'no answer in time' : 'no answer'} from ${where(address)}`,
      {
        cause
      }
    )
  }
  const body = parsed(text)
  const { status } = response
  if (response.ok && body) return body as Answer
  throw new SdkError(
    codeOf(status),
    `${where(address)} answered ${status}${body?.error_description ? `: ${body.error_description}` : ''}`,
    {
      status,
      error: body?.error
    }
  )
}

/** A `POST` of JSON that goes out even when the page is left meanwhile. */
export const json = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  keepalive: true
})

/** An answer about a session, as a session. */
export function sessionOf(answer: SessionAnswer): Session {
  const clientTime = Date.now()
  return {
    result: answer.status === 'connected',
    userStatus: answer.status,
    userId: answer.user_id,
    displayName: answer.display_name,
    uuid: answer.uuid,
    sid: answer.sid,
    expiresAt: answer.expires_at,
    serverTime: answer.server_time ?? Math.floor(clientTime / 1000),
    clientTime,
    expiresIn: answer.cache_seconds ?? 0
  }
}

function codeOf(status: number): SdkErrorCode {
  if (status === 429) return 'too_many_requests'
  return status >= 400 && status < 500 ? 'refused' : 'server_error'
}

function parsed(text: string): { error?: string; error_description?: string } | undefined {
  try {
    const body = JSON.parse(text)
    return typeof body === 'object' && body ? body : undefined
  } catch {
    return undefined
  }
}

/** Without the query: it may hold a ticket, and errors end up in logs. */
const where = (address: string): string => address.split('?')[0] ?? ''
