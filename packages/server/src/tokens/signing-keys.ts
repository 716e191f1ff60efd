import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { KeyRow } from '../storage/records.ts'
import { newSecret, type Sealer } from '../storage/secrets.ts'
import type { UpkeepStore } from '../storage/storage.ts'

/** The algorithms this server signs with; one key of each signs at any time. */
export const signingAlgorithms = ['RS256', 'ES256'] as const

/** A private key with its name. */
export interface Signer {
  kid: string
  key: CryptoKey
  /** The same key as `node:crypto` takes it. */
  keyObject: KeyObject
}

/** The signing keys of a moment: in the order in which a signer should look, newest signing key first. */
export interface SigningKeys {
  /** Private JWKs, for signing. */
  privateJwks: JWK[]
  /** The public half of each, by `kid`, for checking what we signed. */
  verifiers: Map<string, { alg: string; key: CryptoKey }>
  /** The key that signs now, by algorithm. */
  signers: Map<string, Signer>
  /** Changes whenever the set does. */
  fingerprint: string
}

/**
 * Reads the keys that count now: of each algorithm the newest whose time has come signs, newer ones are published
 * already, older ones still verify until everything that they signed, sessions' hints included, is past.
 */
export async function readSigningKeys(
  storage: UpkeepStore,
  sealer: Sealer,
  now: number,
  keptSeconds: number
): Promise<SigningKeys> {
  const rows = await storage.listKeys()
  const counting = signingAlgorithms.flatMap(alg =>
    inOrder(
      rows.filter(row => row.alg === alg),
      now,
      keptSeconds
    )
  )
  const privateJwks = counting.map(row => JSON.parse(sealer.open(row.sealedJwk)) as JWK)
  const verifiers = new Map<string, { alg: string; key: CryptoKey }>()
  const signers = new Map<string, Signer>()
  for (const jwk of privateJwks) {
    const { kid, alg } = jwk
    if (!kid || !alg) continue
    verifiers.set(kid, { alg, key: (await importJWK(publicPart(jwk), alg)) as CryptoKey })
    // Of each algorithm the first one signs: see inOrder.
    if (signers.has(alg)) continue
    const key = (await importJWK(jwk, alg)) as CryptoKey
    signers.set(alg, { kid, key, keyObject: createPrivateKey({ key: jwk, format: 'jwk' }) })
  }
  return { privateJwks, verifiers, signers, fingerprint: counting.map(row => row.kid).join(' ') }
}

/**
 * Adds one key of each algorithm. It is published at once and signs from `publishSeconds` on, so that whoever
 * caches our keys has it before the first signature.
 * @returns the new kids
 */
export async function addSigningKeys(
  storage: UpkeepStore,
  sealer: Sealer,
  now: number,
  publishSeconds: number
): Promise<string[]> {
  const kids: string[] = []
  for (const alg of signingAlgorithms) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
    const kid = newSecret().slice(0, 16)
    const jwk = { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' }
    await storage.saveKey({
      kid,
      alg,
      sealedJwk: sealer.seal(JSON.stringify(jwk)),
      createdAt: now,
      signsFrom: now + publishSeconds
    })
    kids.push(kid)
  }
  return kids
}

/** Makes the first keys of a new storage. Two processes that start at once both may; the newer pair then signs. */
export async function ensureSigningKeys(storage: UpkeepStore, sealer: Sealer, now: number): Promise<void> {
  const rows = await storage.listKeys()
  if (rows.length === 0) await addSigningKeys(storage, sealer, now, 0)
}

function inOrder(rows: KeyRow[], now: number, keptSeconds: number): KeyRow[] {
  const newestFirst = rows.toSorted((a, b) => b.signsFrom - a.signsFrom || (a.kid < b.kid ? -1 : 1))
  const upcoming = newestFirst.filter(row => row.signsFrom > now)
  const [signing, ...retired] = newestFirst.filter(row => row.signsFrom <= now)
  if (!signing) return upcoming
  let successorFrom = signing.signsFrom
  const kept = retired.filter(row => {
    const stillNeeded = successorFrom + keptSeconds > now
    successorFrom = row.signsFrom
    return stillNeeded
  })
  return [signing, ...upcoming, ...kept]
}

function publicPart({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest }: JWK): JWK {
  return rest
}
