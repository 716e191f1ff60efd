import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UtgangError } from '../errors.ts'
import { statusListsPath } from '../tokens/status-list-uri.ts'
import { type BuiltList, statusListsOf } from '../tokens/status-lists.ts'
import { takesGzip } from '../web/accept-encoding.ts'
import type { DoorParts } from './door.ts'

const mediaType = 'application/statuslist+jwt'
const compress = promisify(gzip)

/**
 * Status lists (Token Status List, "Status List Request"): which JWT access tokens are dead, for every API, without
 * asking about any token. The same for everybody, from everywhere; no cookie is read. Besides, the list of lists.
 */
export function statusLists({ config, storage, clock, keys }: DoorParts) {
  const seconds = config.status_list_seconds
  const lists = statusListsOf({ issuer: config.issuer, storage, clock, keys, seconds })
  const answers = new WeakMap<BuiltList, Promise<Answer>>()

  async function send(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const list = await lists.get(numberIn(request))
    if (!list) throw new UtgangError('not_found', 'no such status list, or all of its tokens have expired')
    forEverybody(reply)
    if (!takes(request.headers.accept)) return reply.code(406).send({ error: 'not_acceptable' })
    const { etag, zipped } = await answerOf(list)
    const inGzip = takesGzip(request.headers['accept-encoding'])
    const tag = inGzip ? `"${etag}-gzip"` : `"${etag}"`
    reply
      .header('vary', 'Accept-Encoding')
      .header('etag', tag)
      // What a cache has left of it: it is never older than this anywhere.
      .header('cache-control', `public, max-age=${Math.max(0, list.asOf + seconds - clock.now())}`)
    if (holdsAlready(request, tag)) return reply.code(304).send()
    reply.type(mediaType)
    return inGzip ? reply.header('content-encoding', 'gzip').send(zipped) : reply.send(list.jwt)
  }

  /** Made once for each list, however often it is asked for. */
  function answerOf(list: BuiltList): Promise<Answer> {
    const made = answers.get(list) ?? compress(list.jwt).then(zipped => ({ etag: tagOf(list), zipped }))
    answers.set(list, made)
    return made
  }

  return async (app: FastifyInstance): Promise<void> => {
    app.get(`${statusListsPath}/:list`, { config: { quiet: true } }, send)
    app.get(statusListsPath, { config: { quiet: true } }, async (_request, reply) =>
      forEverybody(reply)
        .header('cache-control', `public, max-age=${seconds}`)
        .send({ status_lists: await lists.uris() })
    )
  }
}

interface Answer {
  etag: string
  zipped: Buffer
}

const tagOf = ({ jwt }: BuiltList): string => hash('sha256', jwt, 'base64url').slice(0, 22)

function numberIn(request: FastifyRequest): number {
  const { list } = request.params as { list: string }
  return /^[1-9]\d{0,8}$/.test(list) ? Number(list) : 0
}

function forEverybody(reply: FastifyReply): FastifyReply {
  return reply
    .header('access-control-allow-origin', '*')
    .header('cross-origin-resource-policy', 'cross-origin')
}

/** Whether somebody who says what they take takes a list in this form (RFC 9110 §12.5.1); the other form is CBOR. */
function takes(accept: string | undefined): boolean {
  if (accept === undefined) return true
  const ranges = accept.split(',').map(it => it.split(';')[0]?.trim().toLowerCase())
  return ranges.some(it => it === '*/*' || it === 'application/*' || it === mediaType)
}

function holdsAlready({ headers }: FastifyRequest, tag: string): boolean {
  const known = (headers['if-none-match'] ?? '').split(',').map(it => it.trim().replace(/^W\//, ''))
  return known.includes('*') || known.includes(tag)
}
