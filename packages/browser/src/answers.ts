import { SdkError } from './sdk-error.ts'

/** Fields of a JSON answer, unchecked. */
export type Answer = Record<string, unknown>

/**
 * One call; the answer read to the end.
 * @throws SdkError `network`, `timeout`, `server_error`, `too_many_requests`, `refused`
 */
export async function call(address: string, timeoutMs: number, request: RequestInit = {}): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs)
  const where = address.split('?')[0]
  let response: Response
  let text: string
  try {
    response = await fetch(address, { cache: 'no-store', credentials: 'include', signal, ...request })
    text = await response.text()
  } catch (cause) {
    throw signal.aborted
      ? new SdkError('timeout', `${where} did not answer within ${timeoutMs} ms`, { cause })
      : new SdkError(
          'network',
          `${where} cannot be reached or read: check the connection, the CSP of the page (connect-src), the origins of the client`,
          { cause }
        )
  }
  const { status } = response
  const answer = parse(text)
  if (response.ok && answer) return answer
  const { error, error_description } = (answer ?? {}) as { error?: string; error_description?: string }
  const wait = Number(response.headers.get('retry-after'))
  throw new SdkError(
    status === 429 ? 'too_many_requests' : status >= 400 && status < 500 ? 'refused' : 'server_error',
    `${where} answered ${status}: ${error_description ?? error ?? 'nothing that makes sense'}`,
    { status, error, retryAfter: wait || undefined }
  )
}

/** A call that ends something: JSON, so that no form can send it, and sent even if the page goes away meanwhile. */
export function post(address: string, timeoutMs: number, body: object): Promise<Answer> {
  return call(address, timeoutMs, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    // With `no-store` browsers also ask anew each time whether it may be sent.
    cache: 'default',
    keepalive: true
  })
}

/** Whether anybody answers at a server, whatever it is: then a navigation there ends on a page, not on a browser's error. */
export async function isReachable(server: string, timeoutMs: number): Promise<boolean> {
  try {
    // The one answer that pages of other sites may load (Cross-Origin-Resource-Policy).
    await fetch(`${server}/js/utgang.js`, {
      method: 'HEAD',
      mode: 'no-cors',
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs)
    })
    return true
  } catch {
    return false
  }
}

/** An address with the parameters that have a value. */
export function withQuery(address: string, parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
  return `${address}?${query}`
}

/** An error's answer for something that came and makes no sense. */
export const nonsense = (answer: Answer): SdkError =>
  new SdkError('server_error', `the answer makes no sense: ${JSON.stringify(answer).slice(0, 99)}`)

function parse(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return value && typeof value === 'object' ? (value as Answer) : undefined
  } catch {
    return undefined
  }
}
