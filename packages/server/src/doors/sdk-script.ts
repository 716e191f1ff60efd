import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { queryOf } from '../web/parameters.ts'

/** The browser SDK as one script, for pages that load it by a tag. */
export interface SdkScript {
  bytes: Buffer
  /** For the `integrity` of the tag (Subresource Integrity, §3.5). */
  integrity: string
  /** Changes with the bytes. In the address, as `v`, it keeps an old copy from being found in a browser's cache. */
  version: string
}

/** Where the script is served. */
export const sdkScriptPath = '/js/utgang.js'

/**
 * How long browsers go by a copy. Where the address names these very bytes there is nothing to ask again. Where it
 * names others, an update is under way and the page's `integrity` will not fit, so nobody may keep what comes. Without
 * a version pages have new bytes a few minutes after an update.
 */
const caching = {
  these: 'public, max-age=31536000, immutable',
  others: 'no-cache',
  unnamed: 'public, max-age=300'
}

/** Reads the script build of `@utgang/browser`. @throws Error `ENOENT`: the package is there, but was not built */
export function readSdkScript(): SdkScript {
  const bytes = readFileSync(fileURLToPath(import.meta.resolve('@utgang/browser/utgang.js')))
  return {
    bytes,
    integrity: `sha384-${hash('sha384', bytes, 'base64')}`,
    version: hash('sha256', bytes, 'base64url').slice(0, 16)
  }
}

/** The address of the script at a server, with its version. */
export const sdkScriptHref = (issuer: string, { version }: SdkScript): string =>
  `${issuer}${sdkScriptPath}?v=${version}`

/** `/js/utgang.js`: the same for everybody, from everywhere; cookies are neither read nor set. */
export function sdkScript() {
  const script = readSdkScript()
  const etag = `"${script.version}"`
  return async (app: FastifyInstance): Promise<void> => {
    app.get(sdkScriptPath, { config: { quiet: true } }, (request, reply) => {
      reply
        .header('cache-control', cachingFor(request, script))
        .header('etag', etag)
        .header('cross-origin-resource-policy', 'cross-origin')
        // A tag with `integrity` from another origin needs `crossorigin`, and so this.
        .header('access-control-allow-origin', '*')
      if (holdsAlready(request, etag)) return reply.code(304).send()
      return send(reply, script)
    })
  }
}

const send = (reply: FastifyReply, { bytes }: SdkScript): FastifyReply =>
  reply.type('application/javascript; charset=utf-8').send(bytes)

function cachingFor(request: FastifyRequest, { version }: SdkScript): string {
  const { v } = queryOf(request)
  if (v === undefined) return caching.unnamed
  return v === version ? caching.these : caching.others
}

/** Compares weakly, as RFC 9110 §13.1.2 says: whoever compressed the answer on the way has made the tag a weak one. */
function holdsAlready({ headers }: FastifyRequest, etag: string): boolean {
  const known = (headers['if-none-match'] ?? '').split(',').map(it => it.trim().replace(/^W\//, ''))
  return known.includes('*') || known.includes(etag)
}
