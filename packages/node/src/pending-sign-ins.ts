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
/**
 * Most characters of all of them: servers and proxies take some eight thousand bytes of cookies, and refuse every request
 * with more. A page elsewhere can begin sign-ins, each with a long `return_to`.
 */
const mostCharacters = 6000

/** See {@link PendingSignIns}. */
export function pendingSignIns({ cookieName, clientId, clientSecret, isSecure }: Settings): PendingSignIns {
  const key = new Uint8Array(hkdfSync('sha256', clientSecret, '', 'utgang sign-in cookie', 32))
  const prefix = `${cookieName}-in-`
  const nameOf = (state: string): string => prefix + state.slice(0, 16)
  const drop = (name: string): string => cookieLine(name, '', 0, isSecure)

  /** The names of the oldest, for which there is no room beside a new one. */
  function tooMany(request: HasCookies, added: string): string[] {
    // Names begin with the time, so the newest comes first.
    const others = [...readCookies(request)]
      .filter(([name]) => name.startsWith(prefix))
      .toSorted()
      .reverse()
    let left = mostCharacters - added.length
    const kept = others.slice(0, most - 1).findIndex(([name, value]) => {
      left -= name.length + value.length
      return left < 0
    })
    return others.slice(kept < 0 ? most - 1 : kept).map(([name]) => name)
  }

  return {
    async start(request, pending) {
      const sealed = await new EncryptJWT({ ...pending })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(clientId)
        .setExpirationTime(`${goodForSeconds}s`)
        .encrypt(key)
      const name = nameOf(pending.state)
      return [
        cookieLine(name, sealed, goodForSeconds, isSecure),
        ...tooMany(request, name + sealed).map(drop)
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
