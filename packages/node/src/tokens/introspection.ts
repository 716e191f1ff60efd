import { hash } from 'node:crypto'
import type { Fetch } from '../options.ts'
import type { Marks } from './heard.ts'
import { type IssuerMetadata, timeoutMs } from './issuer-metadata.ts'
import { scopesIn, type TokenSettings } from './options.ts'
import { type AccessToken, dead, unknown, type Verdict } from './verdict.ts'

interface Answer {
  /** When it was asked: what it says was so then or later. */
  askedAt: number
  /** See {@link Marks.next}. */
  order: number
  verdict: Verdict
}

interface Asking {
  askedAt: number
  order: number
  answer: Promise<Verdict>
}

/**
 * Asks the issuer (RFC 7662). An answer is gone by for `cache_seconds` from the moment in which it was asked for, a live token's
 * never past its expiry, and no longer once an end was heard of that may have been its own. However many requests bring one
 * token at once, it is asked about once.
 */
export function introspection(
  settings: TokenSettings,
  options: NonNullable<TokenSettings['introspection']>,
  { fetch, metadata, marks }: { fetch: Fetch; metadata: () => Promise<IssuerMetadata>; marks: Marks }
): (value: string) => Promise<Verdict> {
  const { now, onError } = settings
  const answers = new Map<string, Answer>()
  const underWay = new Map<string, Asking>()
  const isNew = (askedAt: number): boolean => now() - askedAt < options.cache_seconds && now() >= askedAt

  function kept(key: string): Verdict | undefined {
    const answer = answers.get(key)
    if (!answer || !isNew(answer.askedAt)) return undefined
    if (answer.verdict.state !== 'live') return answer.verdict
    const { token } = answer.verdict
    const mark = marks.about(token)
    return mark && mark.order > answer.order ? undefined : unexpired(token, now())
  }

  function keep(key: string, answer: Answer): void {
    answers.delete(key)
    // That nobody could say anything is no answer.
    if (answer.verdict.state === 'unknown' || options.cache_seconds === 0) return
    answers.set(key, answer)
    const [oldest] = answers.keys()
    if (answers.size > options.cache_entries && oldest !== undefined) answers.delete(oldest)
  }

  function begin(key: string, value: string): Asking {
    const asking = { askedAt: now(), order: marks.next() }
    const answer = ask(value).then(verdict => {
      // A later one may be back already.
      if ((answers.get(key)?.order ?? 0) < asking.order) keep(key, { ...asking, verdict })
      return verdict
    })
    const started = { ...asking, answer }
    underWay.set(key, started)
    void answer.finally(() => {
      if (underWay.get(key) === started) underWay.delete(key)
    })
    return started
  }

  async function ask(value: string): Promise<Verdict> {
    try {
      const { introspection_endpoint: endpoint } = await metadata()
      if (!endpoint) throw new Error('the issuer names no introspection_endpoint')
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: { authorization: basic(options), accept: 'application/json' },
        body: new URLSearchParams({ token: value, token_type_hint: 'access_token' }),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'manual'
      })
      if (answer.status !== 200) {
        await answer.body?.cancel()
        throw new Error(`introspection was answered with ${answer.status}`)
      }
      return judged(await answer.json(), settings)
    } catch (error) {
      onError(error)
      return unknown('the issuer cannot be asked')
    }
  }

  return async value => {
    const key = hash('sha256', value, 'base64url')
    const known = kept(key)
    if (known) return known
    const asking = underWay.get(key)
    const joins = asking && isNew(asking.askedAt) && asking.order > marks.last()
    return (joins ? asking : begin(key, value)).answer
  }
}

function judged(said: unknown, { issuer, audience, now }: TokenSettings): Verdict {
  const { active, iss, sub, client_id, scope, sid, aud, jti, iat, exp, token_type } = (said ?? {}) as Record<
    string,
    unknown
  >
  if (typeof active !== 'boolean') throw new Error('introspection did not say whether the token is active')
  if (!active) return dead('the token is unknown, expired or revoked')
  // The issuer knows refresh tokens, too; none of those opens an API.
  if (token_type !== undefined && !/^bearer$/i.test(String(token_type))) return dead('it is no bearer token')
  if (iss !== undefined && iss !== issuer) return dead('it is of another issuer')
  if (typeof exp !== 'number') throw new Error('introspection did not say when the token expires')
  const names = [aud ?? []].flat().map(String)
  if (audience && !names.some(name => audience.includes(name))) return dead('it is for somebody else')
  const token: AccessToken = {
    sub: String(sub ?? client_id ?? ''),
    client_id: String(client_id ?? ''),
    scope: scopesIn(scope),
    sid: typeof sid === 'string' ? sid : undefined,
    aud: names,
    jti: typeof jti === 'string' ? jti : undefined,
    iat: typeof iat === 'number' ? iat : undefined,
    exp,
    claims: said as Record<string, unknown>
  }
  return unexpired(token, now())
}

const unexpired = (token: AccessToken, now: number): Verdict =>
  token.exp > now ? { state: 'live', token } : dead('it has expired')

const basic = ({ client_id, client_secret }: { client_id: string; client_secret: string }): string =>
  `Basic ${btoa([client_id, client_secret].map(encodeURIComponent).join(':'))}`
