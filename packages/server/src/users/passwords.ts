import { hash, verify } from '@node-rs/argon2'
import { UtgangError } from '../errors.ts'

// argon2id is this library's default algorithm; these are OWASP's least recommended costs (about 50 ms here).
const costs = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** How many hashes are made at a time; each takes a processor and 19 MB. */
const mostAtOnce = 8
/** How many may wait for their turn, about two seconds' worth. */
const mostWaiting = 64

/**
 * A password as it is kept: argon2id with a salt of its own.
 * @throws UtgangError `overloaded`
 */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password, costs))

let nobody: Promise<string> | undefined

/**
 * Whether the password is the one that was hashed. Without a hash (no such account) it takes as long as with one and
 * answers `false`, so that the time does not tell whether an account exists.
 * @throws UtgangError `overloaded`
 */
export async function passwordMatches(password: string, passwordHash: string | undefined): Promise<boolean> {
  if (passwordHash !== undefined) return inTurn(() => verify(passwordHash, password))
  nobody ??= hash('nobody has this password', costs)
  const unknown = await nobody
  await inTurn(() => verify(unknown, password))
  return false
}

let running = 0
const waiting: (() => void)[] = []

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running < mostAtOnce) running++
  else {
    if (waiting.length >= mostWaiting)
      throw new UtgangError('overloaded', undefined, { retryAfterSeconds: 2 })
    // Whoever is done hands over its place.
    await new Promise<void>(go => waiting.push(go))
  }
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}
