import * as openid from 'openid-client'
import type { Registration } from './clients.ts'
import type { Outgoing } from './outgoing.ts'

/** The sign-in server, as one application talks to it. */
export interface SignInServer {
  issuer: string
  /** For everything that OpenID Connect defines. */
  openid: openid.Configuration
  /** Asks for something with this application's own id and secret (`client_secret_basic`). */
  getAsClient(path: string): Promise<{ status: number; body: unknown }>
  /**
   * Ends the sign-on session that this application knows by `sid`, from server to server. One that has ended already
   * is no failure. Gives back the id of the receipt; null when the server knows nothing of such a session any more.
   * @throws when the server could not be reached within three seconds, or did not end it
   */
  endSession(sid: string): Promise<string | null>
  /** Asks for something with a user's access token. */
  callWithToken(
    method: 'GET' | 'POST',
    path: string,
    token: string
  ): Promise<{ status: number; receiptId: string | undefined }>
}

/** Reads the sign-in server's addresses and keys from its discovery document. */
export async function connect(
  issuer: string,
  { client_id, client_secret }: Registration,
  { fetch }: Outgoing
): Promise<SignInServer> {
  const config = await openid.discovery(
    new URL(issuer),
    client_id,
    undefined,
    openid.ClientSecretBasic(client_secret),
    {
      // Only because the demo runs on http. With https, leave both lines out.
      execute: [openid.allowInsecureRequests],
      [openid.customFetch]: fetch as unknown as openid.CustomFetch
    }
  )
  const credentials = [client_id, client_secret].map(encodeURIComponent).join(':')
  const basic = `Basic ${Buffer.from(credentials).toString('base64')}`
  return {
    issuer,
    openid: config,
    async getAsClient(path) {
      const answer = await fetch(issuer + path, { headers: { authorization: basic } })
      return { status: answer.status, body: await answer.json() }
    },
    async endSession(sid) {
      const answer = await fetch(`${issuer}/oauth/end_session`, {
        method: 'POST',
        headers: { authorization: basic },
        body: new URLSearchParams({ sid }),
        // The page that asked gives up after five, and should hear why.
        signal: AbortSignal.timeout(3000)
      })
      const { receipt, error } = (await answer.json()) as { receipt?: string | null; error?: string }
      if (answer.status === 200) return receipt ?? null
      if (error === 'unknown_session') return null
      throw new Error(`the session could not be ended: ${answer.status} ${error}`)
    },
    async callWithToken(method, path, token) {
      const answer = await fetch(issuer + path, { method, headers: { authorization: `Bearer ${token}` } })
      await answer.text()
      return { status: answer.status, receiptId: answer.headers.get('utgang-receipt') ?? undefined }
    }
  }
}
