import type { Account, KoaContextWithOIDC } from 'oidc-provider'
import type { User } from '../storage/records.ts'
import type { PeopleStore } from '../storage/storage.ts'
import { sessionHasEnded } from './adapter-base.ts'

/** Which claims each scope gives (OpenID Connect Core 1.0 §5.4). */
export const claimsByScope = {
  openid: ['sub'],
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at'
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address']
}

/** Finds an active user as oidc-provider wants it; it picks from the claims what the scopes allow. */
export function accountFinder(storage: PeopleStore) {
  return async (ctx: KoaContextWithOIDC, sub: string): Promise<Account | undefined> => {
    const user = await storage.findUser(sub)
    if (user?.status !== 'active') {
      // The session was live a moment ago.
      if (ctx.oidc.session) throw sessionHasEnded()
      return undefined
    }
    return { accountId: sub, claims: async () => ({ ...claimsOf(user), sub }) }
  }
}

/** All claims of a user but `sub`. */
export function claimsOf(user: User): Record<string, unknown> {
  return { email_verified: false, ...user.claims, name: user.name, email: user.email }
}
