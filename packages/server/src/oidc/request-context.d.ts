import type { AskedBy } from '../logout/causes.ts'

declare module 'node:http' {
  interface IncomingMessage {
    /** Who asks, as our own server saw it, for what runs inside oidc-provider. */
    askedBy?: AskedBy
  }
}
