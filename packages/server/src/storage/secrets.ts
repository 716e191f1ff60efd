import { createCipheriv, createDecipheriv, hash, randomBytes, randomFillSync } from 'node:crypto'
import { UtgangError } from '../errors.ts'

/** Bytes of a value that nobody can guess. */
const secretBytes = 32
/** Random bytes that are not used yet: fetched for many values at once, which costs little more than for one. */
const pool = Buffer.alloc(64 * secretBytes)
let used = pool.length

/** A new unguessable value: 256 random bits in base64url (43 characters). */
export function newSecret(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = pool.subarray(used, used + secretBytes)
  used += secretBytes
  const secret = bytes.toString('base64url')
  bytes.fill(0)
  return secret
}

/** The form in which a value that is only compared is kept: SHA-256 in base64url. */
export const hashSecret = (value: string): string => hash('sha256', value, 'base64url')

/** Seals what must be read back. */
export interface Sealer {
  seal(plain: string): string
  /** @throws UtgangError `bad_config` when none of the keys opens it. */
  open(sealed: string): string
}

/**
 * AES-256-GCM under `secret_keys`: the first key seals, all of them open, so that keys can be rotated.
 * Each configured string is hashed to the 256 bits of its key.
 */
export function sealer(secretKeys: readonly string[]): Sealer {
  const keys = secretKeys.map(text => hash('sha256', `utgang seal ${text}`, 'buffer'))
  return {
    seal(plain) {
      const [key] = keys
      if (!key) throw new UtgangError('bad_config', 'secret_keys: at least one key is needed')
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      for (const key of keys) {
        try {
          const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
          decipher.setAuthTag(bytes.subarray(12, 28))
          return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
        } catch {
          // Sealed under another key: the tag does not fit. The next one may.
        }
      }
      throw new UtgangError(
        'bad_config',
        'secret_keys: what the database holds was sealed under a key that is not in the list; add that key'
      )
    }
  }
}
