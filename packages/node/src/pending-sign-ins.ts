import { hkdfSync } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'
import { cookieLine, type HasCookies, readCookies } from './cookies.ts'
import type { Settings } from './options.ts'

/** A sign-in on its way: what its answer must fit. */
export interface PendingSignIn {
  state: string
  nonce: string
  verifier: string
  /** The path to show when it is done. */
  returnTo: string
  /** Without any page at the issuer (`prompt=none`). */
  isSilent: boolean
}

/**
 * Sign-ins on their way, each in a sealed cookie of its own: tabs do not disturb each other, any process can finish what another
 * began, and only the browser that set out can come back (RFC 9700 §4.7).
 */
export interface PendingSignIns {
  /** @returns the `Set-Cookie` lines */
  start(request: HasCookies, pending: PendingSignIn): Promise<string[]>
  /** The one that an answer belongs to. Undefined when this browser has none, or it is too old. */
  find(request: HasCookies, state: string): Promise<PendingSignIn | undefined>
  /** The `Set-Cookie` line that takes it out, so that an answer counts once. */
  dropLine(state: string): string
}

/** How long a person may take to sign in, in seconds. */
const goodForSeconds = 600
/** Most that one browser may have at once: cookies travel with every request. */
const most = 5

/** See {@link PendingSignIns}. */
export function pendingSignIns({ cookieName, clientId, clientSecret, isSecure }: Settings): PendingSignIns {
  const key = new Uint8Array(hkdfSync('sha256', clientSecret, '', 'utgang sign-in cookie', 32))
  const prefix = `${cookieName}-in-`
  const nameOf = (state: string): string => prefix + state.slice(0, 16)
  const drop = (name: string): string => cookieLine(name, '', 0, isSecure)

  return {
    async start(request, pending) {
      const sealed = await new EncryptJWT({ ...pending })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(clientId)
        .setExpirationTime(`${goodForSeconds}s`)
        .encrypt(key)
      // Names begin with the time, so the oldest comes first.
      const others = [...readCookies(request).keys()].filter(it => it.startsWith(prefix)).toSorted()
      return [
        cookieLine(nameOf(pending.state), sealed, goodForSeconds, isSecure),
        ...others.slice(0, Math.max(0, others.length - most + 1)).map(drop)
      ]
    },
    async find(request, state) {
      const sealed = readCookies(request).get(nameOf(state))
      if (!sealed) return undefined
      try {
        const { payload } = await jwtDecrypt<PendingSignIn>(sealed, key, {
          audience: clientId,
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM']
        })
        return payload.state === state ? payload : undefined
      } catch {
        return undefined
      }
    },
    dropLine: state => drop(nameOf(state))
  }
}

/** Begins a state, so that the cookies of pending sign-ins sort by their age. @param now UTC seconds */
export const stateAt = (now: number, random: string): string => `${now.toString(36)}-${random}`
