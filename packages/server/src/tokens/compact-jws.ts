import { sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Signer } from './signing-keys.ts'

const signAside = promisify(sign)

/** Bytes of each half of an ES256 signature (RFC 7518 §3.4). */
const half = 32

/**
 * Signs claims as a compact JWS (RFC 7515 §3.1) at half of what the library takes that signs and checks all other tokens:
 * for those that are made by the thousand. The signing itself is done aside, on a thread of the pool.
 * @param header `alg` is ES256 or RS256
 */
export async function compactJws(
  header: { alg: string; typ: string },
  claims: object,
  { kid, keyObject }: Signer
): Promise<string> {
  const signed = `${encoded({ ...header, kid })}.${encoded(claims)}`
  const signature = await signAside('sha256', Buffer.from(signed), keyObject)
  return `${signed}.${(header.alg === 'ES256' ? joseSignature(signature) : signature).toString('base64url')}`
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * The two numbers of an ECDSA signature, each in {@link half} bytes, from their DER form (RFC 3279 §2.2.3), where each is
 * as short as it can be, and one that begins with a set bit has a zero in front. OpenSSL's own way to this form, by
 * `dsaEncoding`, takes as long as signing does.
 */
function joseSignature(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * half)
  // SEQUENCE and INTEGER, each a tag and a length of one byte.
  let at = 2
  for (const end of [half, 2 * half]) {
    const length = der[at + 1] ?? 0
    const next = at + 2 + length
    const number = der.subarray(next - Math.min(length, half), next)
    number.copy(signature, end - number.length)
    at = next
  }
  return signature
}
