import { randomBytes } from 'node:crypto'
import { longestEmail, longestPassword, type UserConfig } from '../config/schema.ts'
import { UtgangError } from '../errors.ts'
import type { Json, User } from '../storage/records.ts'
import type { PeopleStore } from '../storage/storage.ts'
import { hashPassword, passwordMatches } from './passwords.ts'

/** A new `sub`: 120 random bits, with a mark of its own so that it never equals a client id (RFC 9700 §4.15.1). */
export const newSub = (): string => `u_${randomBytes(15).toString('base64url')}`

/** The active user with this address and password; `undefined` for every other case, in the same time. */
export async function findByPassword(
  storage: PeopleStore,
  email: string,
  password: string
): Promise<User | undefined> {
  // No account has these, so nobody learns anything from an answer that comes at once.
  if (email.length > longestEmail || password.length > longestPassword) return undefined
  const user = await storage.findUserByEmail(email)
  const matches = await passwordMatches(password, user?.passwordHash)
  return matches && user?.status === 'active' ? user : undefined
}

/**
 * Adds those users of the config that are missing; what is there already stays as it is. Returns those that could not
 * be added, because somebody else has signed up with their address.
 */
export async function addConfiguredUsers(
  storage: PeopleStore,
  users: readonly UserConfig[],
  now: number
): Promise<UserConfig[]> {
  const left: UserConfig[] = []
  for (const user of users) {
    if (await storage.findUser(user.sub)) continue
    const { sub, email, password, password_hash, name, ...claims } = user
    const passwordHash = password_hash ?? (await hashPassword(password ?? ''))
    try {
      await storage.addUser({ sub, email, name: name ?? email, passwordHash, claims: claims as Json }, now)
    } catch (error) {
      if (!(error instanceof UtgangError && error.code === 'duplicate_user')) throw error
      // Another process may have added the same one since.
      if (!(await storage.findUser(sub))) left.push(user)
    }
  }
  return left
}
