import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UtgangError } from '../errors.ts'
import { languageOf } from '../pages/language.ts'
import { receiptNews, type SignedOutReceipt } from '../pages/receipt.ts'
import { provenance } from '../web/fetch-metadata.ts'
import { networkOf } from '../web/network.ts'
import { queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'
import { receiptWatch } from './receipt-watch.ts'
import { signedOutReceipt } from './signed-out-receipt.ts'

/** How much of it there may be. */
export interface ReceiptEventLimits {
  /** Streams to one address at once, in this process: people may share one. */
  perAddress: number
  /** Streams at once, in this process. */
  atOnce: number
  /** Longest that one stream lasts, in milliseconds; deliveries may take days. */
  longestMs: number
  /** How often a receipt is read, in milliseconds. */
  readEveryMs: number
  /** How often a stream says that it is still there, in milliseconds: proxies cut what is silent for a minute. */
  heartbeatMs: number
}

const usual: ReceiptEventLimits = {
  perAddress: 30,
  atOnce: 1000,
  longestMs: 3 * 60_000,
  readEveryMs: 1000,
  heartbeatMs: 15_000
}

/** After how long a browser comes again when a stream broke off, in milliseconds. */
const retryMs = 2000

/** Where a page of ours hears of a receipt. */
export const receiptEventsPath = (id: string, lang: string): string =>
  `/logout/receipts/${encodeURIComponent(id)}/events?ui_locales=${lang}`

/**
 * How far a logout got, as it gets there, for the signed-out page in the browser that logged out (server-sent events):
 * `receipt` with what has changed on the page, `end` when all is settled or the time is over. One that breaks off
 * without `end` is taken up again, by whichever process answers. Where there are too many, 204: nobody comes again, and
 * the page is loaded anew by hand.
 */
export function receiptEvents(
  parts: Pick<DoorParts, 'storage' | 'clients' | 'receiptCookie'>,
  limits = usual
) {
  const watch = receiptWatch(id => signedOutReceipt(parts, id), limits.readEveryMs)
  const open = new Set<PassThrough>()
  const perAddress = new Map<string, number>()

  return async (app: FastifyInstance): Promise<void> => {
    // A stop waits for what is open; the browser goes on at another process.
    app.addHook('preClose', done => {
      for (const stream of open) stream.end()
      done()
    })
    app.get<{ Params: { id: string } }>(
      '/logout/receipts/:id/events',
      // A HEAD would keep a place that no connection gives up.
      { config: { quiet: true }, exposeHeadRoute: false },
      (request, reply) => {
        const { id } = request.params
        if (parts.receiptCookie.read(request) !== id || isFromElsewhere(request))
          throw new UtgangError('not_found', 'no receipt of this browser')
        const ip = networkOf(request.ip)
        const count = perAddress.get(ip) ?? 0
        if (count >= limits.perAddress || open.size >= limits.atOnce) return reply.code(204).send()
        perAddress.set(ip, count + 1)
        return send(id, request, reply, () => release(ip))
      }
    )
  }

  function send(id: string, request: FastifyRequest, reply: FastifyReply, closed: () => void): FastifyReply {
    const language = languageOf(queryOf(request).ui_locales)
    const stream = new PassThrough()
    const end = (): void => void stream.end('event: end\ndata:\n\n')
    const over = setTimeout(end, limits.longestMs)
    const heartbeat = setInterval(() => stream.write(':\n\n'), limits.heartbeatMs)
    open.add(stream)
    stream.write(`retry: ${retryMs}\n\n`)
    const stop = watch.watch(id, (receipt: SignedOutReceipt | undefined) => {
      if (stream.writableEnded) return
      if (receipt) stream.write(`event: receipt\ndata: ${JSON.stringify(receiptNews(receipt, language))}\n\n`)
      // A reader who takes nothing is not waited for.
      if (!receipt || receipt.isSettled || stream.writableNeedDrain) end()
    })
    stream.once('close', () => {
      clearTimeout(over)
      clearInterval(heartbeat)
      stop()
      open.delete(stream)
      closed()
    })
    reply.header('x-accel-buffering', 'no')
    return reply.type('text/event-stream').send(stream)
  }

  function release(ip: string): void {
    const left = (perAddress.get(ip) ?? 1) - 1
    if (left > 0) perAddress.set(ip, left)
    else perAddress.delete(ip)
  }
}

/** A page of a sibling host could make a browser hold streams open that it may not read. */
function isFromElsewhere(request: FastifyRequest): boolean {
  const { site } = provenance(request.headers)
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}
