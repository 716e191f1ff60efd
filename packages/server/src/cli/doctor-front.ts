import { hash } from 'node:crypto'
import { type Config, isLoopback } from '../config/schema.ts'
import { type SdkScript, sdkScriptHref } from '../doors/sdk-script.ts'
import { outgoingFetch } from '../web/outgoing.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** Longest that the public address is waited for, in milliseconds. */
const longestWaitMs = 5000

/** The public address: https, a front that is named, and this server behind it, whose script arrives as it was sent. */
export async function* checkFront(config: Config, script: SdkScript | undefined): AsyncGenerator<Finding> {
  yield transport(config)
  const { issuer, extra_ca_file } = config
  let get: ReturnType<typeof outgoingFetch>
  try {
    get = outgoingFetch({ extra_ca_file, allow_private_addresses: true })
  } catch (error) {
    return yield problem('front', (error as Error).message)
  }
  const bytesAt = async (address: string): Promise<Buffer> => {
    const answer = await get(address, { signal: AbortSignal.timeout(longestWaitMs) })
    return Buffer.from(await answer.arrayBuffer())
  }
  let named: string
  try {
    named = issuerIn(await bytesAt(`${issuer}/.well-known/openid-configuration`))
  } catch (error) {
    return yield warning(
      'front',
      `nothing answers at ${issuer} (${reason(error)}): start the server and what stands in front of it, then look again`
    )
  }
  if (named !== issuer)
    return yield problem(
      'front',
      `${issuer} is answered by something else (${named}): lead it to this server`
    )
  yield ok('front', `${issuer} leads to this server`)
  if (!script) return
  const arrived = await bytesAt(sdkScriptHref(issuer, script)).catch(() => Buffer.alloc(0))
  if (`sha384-${hash('sha384', arrived, 'base64')}` !== script.integrity)
    yield problem(
      'SDK script',
      'what arrives from the public address is not what this version has, so `integrity` will not fit: update the server, and let nothing on the way rewrite scripts'
    )
}

function transport({ issuer, trust_proxy }: Config): Finding {
  if (issuer.startsWith('http:'))
    return warning(
      'issuer',
      `${issuer} is plain http, for this machine only: Safari keeps no SDK cookie there. Elsewhere put https in front.`
    )
  if (trust_proxy.length === 0 && !isLoopback(issuer))
    return warning(
      'issuer',
      'trust_proxy is empty: everybody has the address of the https front, and shares its limits. Name the front in `trust_proxy` (UTGANG_TRUST_PROXY).'
    )
  return ok('issuer', issuer)
}

/** Whom a discovery document names. */
function issuerIn(document: Buffer): string {
  try {
    const { issuer } = JSON.parse(document.toString('utf8')) as { issuer?: unknown }
    return typeof issuer === 'string' ? issuer : 'no issuer'
  } catch {
    return 'no discovery document'
  }
}

function reason(error: unknown): string {
  const { cause, message } = error as Error
  const { code, message: inner } = (cause ?? {}) as NodeJS.ErrnoException
  return code ?? inner ?? message
}
