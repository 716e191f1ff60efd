import type { Registration } from './clients.ts'
import type { Outgoing } from './outgoing.ts'

/** What this demo asks the sign-in server besides what the kit does. */
export interface SignInServer {
  issuer: string
  /** Whether it is there: a browser that is sent to a server which is down shows its own error, and no page of ours. */
  answers(): Promise<boolean>
  /** Asks for something with this application's own id and secret (`client_secret_basic`); with a form, it is a POST. */
  asClient(path: string, form?: Record<string, string>): Promise<{ status: number; body: unknown }>
  /** Asks for something with a user's access token. */
  withToken(
    method: 'GET' | 'POST',
    path: string,
    token: string
  ): Promise<{ status: number; receiptId: string | undefined }>
}

/** See {@link SignInServer}. Asks nothing yet. */
export function signInServer(
  issuer: string,
  { client_id, client_secret }: Registration,
  { fetch }: Outgoing
): SignInServer {
  const credentials = [client_id, client_secret].map(encodeURIComponent).join(':')
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  return {
    issuer,
    async answers() {
      try {
        const answer = await fetch(`${issuer}/readyz`)
        await answer.text()
        return answer.ok
      } catch {
        return false
      }
    },
    async asClient(path, form) {
      const answer = await fetch(issuer + path, {
        headers: { authorization },
        ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {})
      })
      return { status: answer.status, body: await answer.json() }
    },
    async withToken(method, path, token) {
      const answer = await fetch(issuer + path, { method, headers: { authorization: `Bearer ${token}` } })
      await answer.text()
      return { status: answer.status, receiptId: answer.headers.get('utgang-receipt') ?? undefined }
    }
  }
}
