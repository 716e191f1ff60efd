import { type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { errorPage } from '../pages/error.ts'
import { localesFor } from '../pages/language.ts'
import type { OpParts } from './parts.ts'
import { returnPath } from './paths.ts'
import { restartOfKept } from './restart.ts'

/**
 * Shows an error of an authorization that cannot be sent back to a client. An interaction whose session is gone is no
 * error: it starts again.
 */
export async function renderProviderError(
  ctx: KoaContextWithOIDC,
  out: ErrorOut,
  error: Error,
  parts: OpParts
): Promise<void> {
  const uid = ctx.path.startsWith(returnPath) ? ctx.path.slice(returnPath.length) : undefined
  if (error instanceof errors.SessionNotFound && uid !== undefined) {
    const address = await restartOfKept(uid, parts)
    if (address !== undefined) {
      ctx.status = 303
      ctx.body = 'Starting again.'
      ctx.set('location', address)
      return
    }
  }
  const code = error instanceof errors.SessionNotFound ? 'request_expired' : codeOf(out.error)
  ctx.type = 'html'
  ctx.body = errorPage({
    code,
    status: ctx.status,
    description: out.error_description,
    requestId: ctx.req.askedBy?.requestId,
    locale: localesFor(ctx.query.ui_locales, ctx.req.headers)
  })
}

/** A code of oidc-provider's, or ours where a person would not know what to make of it. */
const codeOf = (error: string): string => (error === 'invalid_client' ? 'unknown_client' : error)
