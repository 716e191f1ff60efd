/** The OP session's cookie: host-only, https (or loopback) only, never sent with a cross-site POST or frame. */
export const sessionCookie = '__Host-utgang'
