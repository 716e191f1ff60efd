import type { FastifyReply, FastifyRequest } from 'fastify'
import { frameOf } from '../clients/front-channel.ts'
import { frontChannelPage } from '../pages/front-channel.ts'
import { localesFor } from '../pages/language.ts'
import type { Session, SessionClient } from '../storage/records.ts'
import { html, seeOther } from '../web/answers.ts'
import { sessionOf } from '../web/asking.ts'
import { provenance } from '../web/fetch-metadata.ts'
import { pagePolicy } from '../web/headers.ts'
import { queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'
import type { FrontChannel, LogoutRecords } from './logout-records.ts'

/** Where the page with the frames is. */
export const frontChannelPath = '/logout/front-channel'

/** Most frames of one page: each is a request of the browser, and all are sent at once. */
const mostFrames = 30
/** Longest that the page waits for its frames, in milliseconds. */
const longestWaitMs = 4000
/** How long the page may be loaded again and asks again, in seconds. Later nobody can be waiting for it any more. */
const asksAgainSeconds = 30

/** See {@link frontChannel}. */
export type FrontChannelPages = ReturnType<typeof frontChannel>

/**
 * Telling applications through the browser (Front-Channel Logout 1.0): those that took part in the session which a
 * logout has ended and that are not told from server to server.
 */
export function frontChannel(parts: DoorParts, records: LogoutRecords) {
  const { storage, clients, clock, config } = parts

  return {
    /** Whom a page can ask of the RPs of a session that has ended. */
    async toAsk({ uid }: Session): Promise<SessionClient[]> {
      const asked: SessionClient[] = []
      for (const it of await storage.listFramed(uid, mostFrames)) if (await frame(it)) asked.push(it)
      return asked
    },

    /**
     * The page with the frames, for the browser that logged out. One that comes back to it later, by the back button,
     * reads whom it asked and is not sent on again; once somebody has signed in again, nobody is asked.
     */
    async show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { page: id } = queryOf(request)
      const found = id === undefined ? undefined : await records.findFrontChannel(id)
      if (!found || (await sessionOf(parts, request))) return seeOther(reply, '/')
      const { receiptId, next } = found
      if (parts.receiptCookie.read(request) !== receiptId) return seeOther(reply, next)
      const [before] = await storage.listAsked(receiptId)
      const stale = before !== undefined && clock.now() - before.at > asksAgainSeconds
      if (stale && next.startsWith('/')) return seeOther(reply, next)
      // A page that nobody has opened asks nobody.
      const isOpened = request.method === 'GET' && !provenance(request.headers).prefetch
      if (!stale && isOpened) await storage.noteAsked(receiptId, found.asked, clock.now())
      return page(reply, found, stale)
    }
  }

  async function page(reply: FastifyReply, it: FrontChannel, stale: boolean): Promise<FastifyReply> {
    const { asked, next, nextClientId, locale } = it
    const named = await Promise.all(
      asked.map(async ({ clientId }) => {
        const client = await clients.find(clientId)
        return { name: client?.name ?? clientId, uri: client?.uri }
      })
    )
    const frames = stale ? [] : (await Promise.all(asked.map(frame))).filter(found => found !== undefined)
    if (!stale)
      reply.header(
        'content-security-policy',
        pagePolicy({ script: true, frames: frames.map(({ origin }) => origin) })
      )
    return html(
      reply,
      frontChannelPage({
        asked: named,
        frames: stale ? undefined : { sources: frames.map(({ src }) => src), longestMs: longestWaitMs },
        next,
        nextName: nextClientId === undefined ? undefined : (await clients.find(nextClientId))?.name,
        locale: localesFor(locale, reply.request.headers)
      })
    )
  }

  async function frame({ clientId, sid }: SessionClient): Promise<ReturnType<typeof frameOf>> {
    const address = (await clients.find(clientId))?.frontChannelLogoutUri
    return address === undefined ? undefined : frameOf(address, { iss: config.issuer, sid })
  }
}
