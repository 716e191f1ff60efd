import type { DatabaseSync } from 'node:sqlite'
import { UtgangError } from '../../errors.ts'
import { emailKey } from '../email-key.ts'
import type { Json, User } from '../records.ts'
import type { PeopleStore } from '../storage.ts'
import type { Write } from './group-commit.ts'
import { markOf } from './liveness.ts'

const columns = `u.sub, u.email, u.name, u.password_hash AS passwordHash, u.claims, u.status, u.created_at AS createdAt,
  ${markOf} AS mark`
const from = 'users u CROSS JOIN system y ON y.id = 1'

/** {@link PeopleStore} on SQLite. */
export function sqlitePeople(db: DatabaseSync, write: Write): PeopleStore {
  const add = db.prepare(`INSERT INTO users (sub, email, email_key, name, password_hash, claims, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
  const bySub = db.prepare(`SELECT ${columns} FROM ${from} WHERE u.sub = ?`)
  const byEmail = db.prepare(`SELECT ${columns} FROM ${from} WHERE u.email_key = ?`)
  const list = db.prepare(`SELECT ${columns} FROM ${from} ORDER BY u.created_at, u.sub LIMIT ?`)
  const consent = db.prepare('SELECT scopes FROM consents WHERE sub = ? AND client_id = ?')
  const allow = db.prepare(`INSERT INTO consents (sub, client_id, scopes, updated_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (sub, client_id) DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at`)
  const signedIn = db.prepare('SELECT 1 FROM user_clients WHERE sub = ? AND client_id = ?')

  function scopesOf(sub: string, clientId: string): string[] | undefined {
    const row = consent.get(sub, clientId)
    return row && String(row.scopes).split(' ')
  }

  return {
    addUser: (it, now) =>
      write(() => {
        const claims = JSON.stringify(it.claims)
        const { changes } = add.run(
          it.sub,
          it.email,
          emailKey(it.email),
          it.name,
          it.passwordHash,
          claims,
          now
        )
        if (changes === 0) {
          throw new UtgangError('duplicate_user', `user: sub ${it.sub} or address ${it.email} is taken`)
        }
      }),
    findUser: async sub => toUser(bySub.get(sub)),
    findUserByEmail: async email => toUser(byEmail.get(emailKey(email))),
    listUsers: async limit => list.all(limit).flatMap(row => toUser(row) ?? []),
    findConsent: async (sub, clientId) => {
      const scopes = scopesOf(sub, clientId)
      return scopes && { sub, clientId, scopes }
    },
    saveConsent: ({ sub, clientId, scopes }, now) =>
      write(() => {
        const all = new Set([...(scopesOf(sub, clientId) ?? []), ...scopes])
        allow.run(sub, clientId, [...all].join(' '), now)
      }),
    hasSignedInTo: async (sub, clientId) => signedIn.get(sub, clientId) !== undefined
  }
}

function toUser(found: unknown): User | undefined {
  if (!found) return undefined
  const row = found as Omit<User, 'claims'> & { claims: string }
  return { ...row, claims: JSON.parse(row.claims) as Json }
}
