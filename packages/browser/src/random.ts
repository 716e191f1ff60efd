/** 256 random bits that nobody can guess, as base64url. */
export const newSecret = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)))

/** Bytes as base64url without padding (RFC 4648 §5). */
export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
