import { z } from 'zod'
import { OAuthError } from '../errors.ts'
import type { User } from '../storage/records.ts'
import type { PeopleStore } from '../storage/storage.ts'

const text = z.string().min(1).max(2000)
const known = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('email'), email: text }),
  z.strictObject({ format: z.literal('opaque'), id: text }),
  z.strictObject({ format: z.literal('iss_sub'), iss: text, sub: text })
])
type Known = z.infer<typeof known>

/** Formats that name nobody here are passed over where others stand beside them. */
const foreign = z.looseObject({ format: text })
const aliases = z.strictObject({
  format: z.literal('aliases'),
  identifiers: z
    .array(z.union([known, foreign]))
    .min(1)
    .max(20)
})

/** Whom an identifier names; `several` when its parts name different people. */
export type Named = User | 'nobody' | 'several'

/**
 * Finds whom a subject identifier names (RFC 9493 §3.2): `email`, `opaque` (the `sub`), `iss_sub` with this issuer, or
 * `aliases` of these.
 * @param counts whom the caller may hear of: anybody else is nobody, also beside others
 * @throws OAuthError `invalid_request` for any other format, or members that the format does not have
 */
export async function findSubject(
  storage: PeopleStore,
  issuer: string,
  identifier: unknown,
  counts: (user: User) => Promise<boolean> = async () => true
): Promise<Named> {
  const found = new Map<string, User>()
  for (const it of identifiersIn(identifier)) {
    const user = await findOne(storage, issuer, it)
    if (user && (await counts(user))) found.set(user.sub, user)
  }
  const [first = 'nobody', ...others] = found.values()
  return others.length > 0 ? 'several' : first
}

function identifiersIn(identifier: unknown): Known[] {
  const one = known.safeParse(identifier)
  if (one.success) return [one.data]
  const several = aliases.safeParse(identifier)
  const usable = (several.data?.identifiers ?? []).flatMap(it => known.safeParse(it).data ?? [])
  if (usable.length === 0)
    throw new OAuthError(
      'invalid_request',
      'a subject identifier of format email, opaque, iss_sub or aliases is needed, with the members of its format alone'
    )
  return usable
}

function findOne(storage: PeopleStore, issuer: string, it: Known): Promise<User | undefined> {
  if (it.format === 'email') return storage.findUserByEmail(it.email)
  if (it.format === 'opaque') return storage.findUser(it.id)
  return it.iss === issuer ? storage.findUser(it.sub) : Promise.resolve(undefined)
}
