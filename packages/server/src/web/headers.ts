import type { FastifyInstance } from 'fastify'

/** Headers by name. */
export type Headers = Readonly<Record<string, string>>

const hstsSeconds = 2 * 365 * 86_400

/** What every answer promises, whatever it is: only https from now on, no guessing of types, no referrer. */
function everywhere(issuer: string): Headers {
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(issuer.startsWith('https:')
      ? { 'strict-transport-security': `max-age=${hstsSeconds}; includeSubDomains` }
      : {})
  }
}

/** What one page may do beyond the others. */
export interface PageNeeds {
  /** Run scripts of this origin. */
  script?: boolean
  /** Hear from this origin while it is open. */
  events?: boolean
  /** Origins of its frames. */
  frames?: readonly string[]
}

/**
 * The Content Security Policy of a page. Frames stand last, so that whatever an origin might hold can override nothing.
 */
export function pagePolicy({ script = false, events = false, frames = [] }: PageNeeds = {}): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(script ? ["script-src 'self'"] : []),
    ...(events ? ["connect-src 'self'"] : []),
    ...(frames.length > 0 ? [`frame-src ${[...new Set(frames)].join(' ')}`] : [])
  ].join('; ')
}

/**
 * Security headers of pages. No script at all, nothing from elsewhere, no framing.
 * `form-action` is not limited: after a form of ours the browser follows redirects to the applications, and Chromium
 * would hold those against it.
 */
export function pageHeaders(issuer: string): Headers {
  return {
    ...everywhere(issuer),
    'content-security-policy': pagePolicy(),
    'x-frame-options': 'DENY',
    // A window that opened us for a sign-in must not hold a handle on our pages.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin'
  }
}

/** Security headers of answers that are data. */
function dataHeaders(issuer: string): Headers {
  return {
    ...everywhere(issuer),
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin'
  }
}

/** Gives every answer of a part of the server {@link pageHeaders}. */
export function usePageHeaders(scope: FastifyInstance, issuer: string): void {
  const headers = pageHeaders(issuer)
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}

/** Gives every answer of a part of the server {@link dataHeaders}, and marks its routes as data. */
export function useDataHeaders(scope: FastifyInstance, issuer: string): void {
  const headers = dataHeaders(issuer)
  scope.addHook('onRoute', route => {
    route.config = { ...route.config, data: true }
  })
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** This route answers programs, so its errors are JSON. */
    data?: boolean
  }
}
