import helmet from '@fastify/helmet'
import type { WebServer } from './server.ts'

const hstsSeconds = 2 * 365 * 86_400

/**
 * Security headers of pages. No script at all, nothing from elsewhere, no framing, no referrer.
 * `form-action` is not limited: after a form of ours the browser follows redirects to the applications, and Chromium
 * would hold those against it.
 */
export async function usePageHeaders(scope: WebServer, issuer: string): Promise<void> {
  await scope.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"]
      }
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    // A window that opened us for a sign-in must not hold a handle on our pages.
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    strictTransportSecurity: issuer.startsWith('https:')
      ? { maxAge: hstsSeconds, includeSubDomains: true }
      : false
  })
}

/** Security headers of answers that are data: the same promises, fixed once, since these paths are the busiest. */
export function useDataHeaders(scope: WebServer, issuer: string): void {
  const headers = {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(issuer.startsWith('https:')
      ? { 'strict-transport-security': `max-age=${hstsSeconds}; includeSubDomains` }
      : {})
  }
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}
