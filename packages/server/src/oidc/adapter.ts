import Provider, { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import { longestAssertionSeconds, toleranceSeconds } from '../clients/assertion.ts'
import type { RecordKind, StatusPlace, TokenKind } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { adapter, sessionHasEnded, unused } from './adapter-base.ts'
import { clientAdapter } from './client-adapter.ts'
import { withHints } from './kept-hint.ts'
import type { OpParts } from './parts.ts'
import { returnPath } from './paths.ts'
import { sessionAdapter } from './session-adapter.ts'

/**
 * oidc-provider's storage, one adapter for each of its models, over ours. Nothing is ever looked up by a value that
 * is kept: ids are hashed here, and no payload that goes down holds a cookie or token value. What it finds is alive
 * by our own rules, so that whatever the heart has ended is gone for it at once.
 */
export function adapterFor(model: string, parts: OpParts): Adapter {
  switch (model) {
    case 'Session':
      return sessionAdapter(parts)
    case 'Client':
      return clientAdapter(parts)
    case 'Grant':
      return grantAdapter(parts)
    case 'Interaction':
      return interactionAdapter(parts)
    case 'ReplayDetection':
      return replayAdapter(parts)
    case 'AccessToken':
    case 'RefreshToken':
    case 'AuthorizationCode':
    case 'ClientCredentials':
    case 'InitialAccessToken':
    case 'RegistrationAccessToken':
      return tokenAdapter(model, parts)
    default:
      return unused(model)
  }
}

/** The last second of the year 9999, for registration access tokens, which do not expire. */
const never = 253_402_300_799

function tokenAdapter(kind: TokenKind, parts: OpParts): Adapter {
  const { storage, clock, config, heart } = parts

  /** A code that was redeemed before is theft or a mistake: what it gave is revoked (RFC 9700 §4.2.4). */
  async function revokeReplayed(hash: string): Promise<void> {
    const code = await storage.findTokenRow(hash)
    if (!code?.grantId || code.consumedAt === null) return
    await heart.end({
      name: 'code_replay',
      grantId: code.grantId,
      clientId: code.clientId ?? undefined,
      by: Provider.ctx?.req.askedBy
    })
  }

  return adapter({
    async upsert(id, payload, expiresIn: number | undefined) {
      const { jti: _jti, status_place: place, ...kept } = payload
      const now = clock.now()
      const outcome = await storage.saveToken(
        {
          hash: hashSecret(id),
          kind,
          clientId: payload.clientId ?? null,
          grantId: payload.grantId ?? null,
          sessionUid: payload.sessionUid ?? null,
          sid: (payload.sid as string | undefined) ?? null,
          sub: payload.accountId ?? null,
          scope: payload.scope ?? null,
          expiresAt: payload.exp ?? (expiresIn === undefined ? never : now + expiresIn),
          payload: kept,
          statusPlace: place as StatusPlace | undefined
        },
        now
      )
      if (outcome === 'saved') return
      if (kind === 'AuthorizationCode') throw sessionHasEnded()
      // A second use of the code has revoked the grant already. The first one was first, and is answered so: with
      // tokens that are dead, as if the second had come a moment later.
      if (await revokedByReplay(parts, payload.grantId)) return
      throw new errors.InvalidGrant('grant not found')
    },
    async find(id) {
      const token = await storage.findToken(hashSecret(id), clock.now())
      if (!token || token.kind !== kind) return undefined
      // Within the grace time a rotated refresh token looks unused: consuming it decides, and refuses the third use
      // without taking it for theft. Later, its use revokes the grant (RFC 9700 §4.14.2).
      const grace = kind === 'RefreshToken' ? config.lifetimes.refresh_grace_seconds : 0
      const consumed =
        token.consumedAt !== null && token.consumedAt > clock.now() - grace ? undefined : token.consumedAt
      return {
        ...token.payload,
        jti: id,
        exp: token.expiresAt,
        ...(consumed ? { consumed } : {})
      } as AdapterPayload
    },
    async consume(id) {
      const grace = kind === 'RefreshToken' ? config.lifetimes.refresh_grace_seconds : 0
      const outcome = await storage.consumeToken(hashSecret(id), grace, clock.now())
      if (outcome !== 'used') return
      // Whoever loses this race was not first: the write itself decides, not what was read before it.
      if (kind === 'AuthorizationCode') await revokeReplayed(hashSecret(id))
      throw new errors.InvalidGrant('already consumed')
    },
    // A replayed code or refresh token is answered by destroying its grant, which ends all of these at once.
    async destroy() {},
    async revokeByGrantId() {}
  })
}

/** Whether the code that is being exchanged came a second time meanwhile. */
async function revokedByReplay({ storage }: OpParts, grantId: string | undefined): Promise<boolean> {
  if (grantId === undefined || Provider.ctx?.oidc.params?.grant_type !== 'authorization_code') return false
  const logoutId = await storage.grantRevokedBy(grantId)
  return logoutId !== undefined && (await storage.findReceipt(logoutId))?.cause === 'code_replay'
}

function grantAdapter({ storage, clock, heart }: OpParts): Adapter {
  return adapter({
    async upsert(id, payload, expiresIn = 0) {
      const { jti: _jti, ...kept } = payload
      const now = clock.now()
      const outcome = await storage.saveGrant(id, kept, payload.exp ?? now + expiresIn, now)
      if (outcome === 'revoked') throw sessionHasEnded()
    },
    async find(id) {
      const grant = await storage.findGrant(id, clock.now())
      return (
        grant &&
        ({
          ...grant.payload,
          accountId: grant.sub,
          clientId: grant.clientId,
          jti: id,
          exp: grant.expiresAt
        } as AdapterPayload)
      )
    },
    async destroy(id) {
      const grantType = Provider.ctx?.oidc.params?.grant_type
      await heart.end({
        name: grantType === 'refresh_token' ? 'refresh_replay' : 'code_replay',
        grantId: id,
        clientId: Provider.ctx?.oidc.client?.clientId,
        by: Provider.ctx?.req.askedBy
      })
    }
  })
}

const interaction: RecordKind = 'interaction'

function interactionAdapter({ storage, clock, config, sealer, limits }: OpParts): Adapter {
  return adapter({
    async upsert(id, payload, expiresIn = 0) {
      if (payload.result === undefined) await limitInteractions(limits)
      // Its id is a cookie value and part of returnTo, and session.cookie is the session's own: none is kept.
      const { jti: _jti, returnTo: _returnTo, session, ...kept } = payload
      const { cookie: _cookie, ...owner } = (session ?? {}) as { uid?: string; cookie?: string }
      await storage.putRecord({
        kind: interaction,
        hash: hashSecret(id),
        payload: withHints({ ...kept, ...(session ? { session: owner } : {}) }, sealer.seal),
        expiresAt: payload.exp ?? clock.now() + expiresIn,
        sessionUid: owner.uid ?? null
      })
    },
    async find(id) {
      const record = await storage.findRecord(interaction, hashSecret(id), clock.now())
      if (!record || record.sessionEnded) return undefined
      const returnTo = `${config.issuer}${returnPath}${id}`
      return { ...withHints(record.payload, sealer.open), jti: id, returnTo } as AdapterPayload
    },
    async destroy(id) {
      await storage.dropRecord(interaction, hashSecret(id))
      const ip = Provider.ctx?.req.askedBy?.ip
      if (ip !== undefined) await limits.interactions.giveBack(ip)
    }
  })
}

/** Anybody can begin a sign-in, and each is stored until it is done: too many from one address get a page of ours. */
async function limitInteractions({ interactions }: OpParts['limits']): Promise<void> {
  const { ctx } = Provider
  const ip = ctx?.req.askedBy?.ip
  if (ip === undefined) return
  // One that is refused is not stored, and so not counted.
  const wait = (await interactions.look(ip)) || (await interactions.take(ip))
  if (wait === 0) return
  ctx?.set('retry-after', String(wait))
  const error = new errors.CustomOIDCProviderError('too_many_requests', 'too many sign-ins from this address')
  throw Object.assign(error, { status: 429, statusCode: 429, allow_redirect: false })
}

function replayAdapter({ storage, clock }: OpParts): Adapter {
  return adapter({
    async upsert(id, _payload, expiresIn = 0) {
      // `exp` may be a fraction, and as far ahead as the client likes.
      if (expiresIn > longestAssertionSeconds + toleranceSeconds)
        throw new errors.InvalidClientAuth('exp of the client_assertion is too far ahead')
      const first = await storage.claimOnce('replay', hashSecret(id), Math.ceil(clock.now() + expiresIn))
      if (!first) throw new errors.InvalidClientAuth('client assertion was used before')
    },
    // The insert in upsert decides; a read before it would leave room for a second use.
    find: async () => undefined
  })
}
