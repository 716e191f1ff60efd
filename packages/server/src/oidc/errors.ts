import { type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { errorPage } from '../pages/error.ts'
import { hashSecret } from '../storage/secrets.ts'
import type { OpParts } from './parts.ts'
import { returnPath } from './paths.ts'
import { restartOf } from './restart.ts'

/** Our codes for oidc-provider's, where a person would not know what to make of them. */
const codes: Record<string, string> = {
  invalid_client: 'unknown_client',
  invalid_redirect_uri: 'invalid_redirect_uri',
  session_not_found: 'request_expired'
}

/**
 * Shows an error of an authorization that cannot be sent back to a client. An interaction whose session is gone is no
 * error: it starts again.
 */
export async function renderProviderError(
  ctx: KoaContextWithOIDC,
  out: ErrorOut,
  error: Error,
  { storage, clock }: OpParts
): Promise<void> {
  const uid = ctx.path.startsWith(returnPath) ? ctx.path.slice(returnPath.length) : undefined
  if (error instanceof errors.SessionNotFound && uid !== undefined) {
    const record = await storage.findRecord('interaction', hashSecret(uid), clock.now())
    if (record) {
      ctx.status = 303
      ctx.body = 'Starting again.'
      ctx.set('location', restartOf(record.payload.params as Record<string, unknown>))
      return
    }
  }
  const code = error instanceof errors.SessionNotFound ? 'request_expired' : (codes[out.error] ?? out.error)
  ctx.type = 'html'
  ctx.body = errorPage({
    code,
    status: ctx.status,
    description: out.error_description,
    requestId: ctx.req.askedBy?.requestId,
    locale: typeof ctx.query.ui_locales === 'string' ? ctx.query.ui_locales : undefined
  })
}
