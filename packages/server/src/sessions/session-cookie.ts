/** The OP session's cookie: host-only, https (or loopback) only, never sent with a cross-site POST or frame. */
export const sessionCookie = '__Host-utgang'

/** The cookie by which one browser may read, for a few minutes, what its own logout did. */
export const receiptCookie = '__Host-utgang-receipt'
