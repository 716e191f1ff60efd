import type { Adapter, AdapterPayload } from 'oidc-provider'

/** Everything of one provider, in memory. */
export type AdapterFactory = (model: string) => Adapter

/**
 * The fastest storage that oidc-provider can have: plain Maps that never forget. (Its own memory adapter keeps
 * the last thousand entries, so prepared logins would be gone before they are used.)
 */
export function mapAdapters(): AdapterFactory {
  const entries = new Map<string, AdapterPayload>()
  const sessionIds = new Map<string, string>()
  const keysOfGrant = new Map<string, Set<string>>()

  return model => {
    const keyOf = (id: string): string => `${model}:${id}`
    return {
      async upsert(id, payload) {
        const key = keyOf(id)
        entries.set(key, payload)
        if (model === 'Session' && payload.uid !== undefined) sessionIds.set(payload.uid, id)
        if (payload.grantId === undefined) return
        const keys = keysOfGrant.get(payload.grantId)
        if (keys) keys.add(key)
        else keysOfGrant.set(payload.grantId, new Set([key]))
      },
      find: async id => entries.get(keyOf(id)),
      async findByUid(uid) {
        const id = sessionIds.get(uid)
        return id === undefined ? undefined : entries.get(keyOf(id))
      },
      findByUserCode: async () => undefined,
      async consume(id) {
        const payload = entries.get(keyOf(id))
        if (payload) payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        const uid = entries.get(keyOf(id))?.uid
        if (uid !== undefined) sessionIds.delete(uid)
        entries.delete(keyOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const key of keysOfGrant.get(grantId) ?? []) entries.delete(key)
        keysOfGrant.delete(grantId)
      }
    }
  }
}
