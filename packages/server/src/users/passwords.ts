import { hash, verify } from '@node-rs/argon2'

// argon2id is this library's default algorithm; these are OWASP's least recommended costs (about 50 ms here).
const costs = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** A password as it is kept: argon2id with a salt of its own. */
export const hashPassword = (password: string): Promise<string> => hash(password, costs)

let nobody: Promise<string> | undefined

/**
 * Whether the password is the one that was hashed. Without a hash (no such account) it takes as long as with one and
 * answers `false`, so that the time does not tell whether an account exists.
 */
export async function passwordMatches(password: string, passwordHash: string | undefined): Promise<boolean> {
  if (passwordHash !== undefined) return verify(passwordHash, password)
  nobody ??= hashPassword('nobody has this password')
  await verify(await nobody, password)
  return false
}
