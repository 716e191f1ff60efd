import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readCookie, setCookie } from './cookies.ts'

const receiptCookie = '__Host-utgang-receipt'

/** How long the browser that logged out may read what became of it, in seconds. */
const readableSeconds = 15 * 60

/** The cookie by which a browser may read the receipt of its own logout. */
export interface ReceiptCookie {
  set(reply: FastifyReply, receiptId: string): void
  /** The receipt that this browser may read; `undefined` for none, a forged or an expired cookie. */
  read(request: FastifyRequest): string | undefined
}

/**
 * A signed cookie rather than a stored one, so that a logout stays one write.
 * @param secret of this server, the same in every process
 */
export function receiptCookies(secret: string, now: () => number): ReceiptCookie {
  const sign = (text: string): Buffer => createHmac('sha256', secret).update(`receipt ${text}`).digest()
  return {
    set(reply, receiptId) {
      const text = `${receiptId}.${now() + readableSeconds}`
      setCookie(reply, receiptCookie, `${text}.${sign(text).toString('base64url')}`, {
        maxAge: readableSeconds
      })
    },
    read(request) {
      const [id, until, mac] = readCookie(request.headers.cookie, receiptCookie)?.split('.') ?? []
      if (!id || !until || !mac || Number(until) <= now()) return undefined
      const given = Buffer.from(mac, 'base64url')
      const right = sign(`${id}.${until}`)
      return given.length === right.length && timingSafeEqual(given, right) ? id : undefined
    }
  }
}
