import { request } from 'undici'
import { issuer } from './fixtures.ts'

/** One answer, read to the end. */
export interface Answer {
  status: number
  /** The address that was asked, without the host. */
  path: string
  headers: Record<string, string | string[] | undefined>
  text: string
  location: string | undefined
  /** Whole `Set-Cookie` lines. */
  setCookies: string[]
  json<T = Record<string, unknown>>(): T
}

/** What a request carries besides its address. */
export interface Asking {
  method?: 'GET' | 'POST' | 'HEAD' | 'OPTIONS' | 'DELETE' | 'PUT' | 'PATCH'
  /** Sent as a form; makes the method POST. */
  form?: Record<string, string | undefined> | URLSearchParams
  /** Sent as JSON; makes the method POST. */
  json?: unknown
  /** Sent as it is, of the type that `headers` say or of none. */
  body?: string
  headers?: Record<string, string | undefined>
  /** Client authentication by `client_secret_basic`. */
  basic?: [clientId: string, secret: string]
  bearer?: string
}

/** Where a navigation comes from, as the browser says it in `Sec-Fetch-Site`. */
export type From = 'none' | 'same-origin' | 'same-site' | 'cross-site'

/** Asks a server as a program does: no cookies, nothing said of where it comes from. */
export async function ask(origin: string, path: string, asking: Asking = {}): Promise<Answer> {
  const { form, json, basic, bearer, headers: given = {} } = asking
  const headers: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) headers[name] = value
  if (basic) headers.authorization = `Basic ${btoa(basic.map(encodeURIComponent).join(':'))}`
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`
  if (form) headers['content-type'] = 'application/x-www-form-urlencoded'
  const answer = await request(origin + path, {
    method: asking.method ?? (form || json !== undefined ? 'POST' : 'GET'),
    headers,
    body: asking.body ?? (json === undefined ? form && formText(form) : JSON.stringify(json))
  })
  const text = await answer.body.text()
  const setCookies = [answer.headers['set-cookie'] ?? []].flat()
  const { location } = answer.headers
  return {
    status: answer.statusCode,
    path,
    headers: answer.headers,
    text,
    location: Array.isArray(location) ? location[0] : location,
    setCookies,
    json: () => JSON.parse(text)
  }
}

/** A browser: keeps cookies as RFC 6265 says, and tells where its navigations come from. */
export interface Browser {
  /** One request; redirects are not followed. */
  go(path: string, asking?: Asking & { from?: From }): Promise<Answer>
  /** Follows redirects until a page is there or the address is another server's. */
  visit(path: string, asking?: Asking & { from?: From }): Promise<Answer>
  /** Goes on from an answer that may be a redirect. */
  follow(answer: Answer): Promise<Answer>
  /** Sends the only form (or the one with this id) on a page, its hidden fields included. */
  submit(page: Answer, fields: Record<string, string | undefined>, formId?: string): Promise<Answer>
  /** The value of a cookie. */
  cookie(name: string): string | undefined
  /** Puts a cookie there, as somebody else might. */
  setCookie(name: string, value: string): void
  dropCookie(name: string): void
  /** Keeps only these cookies: what a page of another site sends is only those that are `SameSite=None`. */
  keepOnly(...names: string[]): void
  /** Forgets what a closed browser forgets. */
  restart(): void
  /** Another browser with the same cookies at this moment. */
  copy(): Browser
  /** Everything that was ever set, by name: values that must be found nowhere else. */
  readonly seen: Set<string>
}

interface Kept {
  name: string
  value: string
  path: string
  lasting: boolean
}

/** A new browser that knows one server. */
export function newBrowser(origin: string, kept: Kept[] = []): Browser {
  const jar = new Map(kept.map(it => [`${it.name} ${it.path}`, it]))
  const seen = new Set<string>()

  function cookiesFor(path: string): string | undefined {
    const bare = path.split('?')[0] ?? '/'
    const matching = [...jar.values()].filter(
      it => bare === it.path || bare.startsWith(it.path.endsWith('/') ? it.path : `${it.path}/`)
    )
    return matching.length > 0 ? matching.map(({ name, value }) => `${name}=${value}`).join('; ') : undefined
  }

  function keep(path: string, line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    const read = (key: string): string | undefined =>
      attributes.find(it => it.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1)
    const cookiePath = read('path') ?? ((path.split('?')[0] ?? '/').replace(/\/[^/]*$/, '') || '/')
    const maxAge = read('max-age')
    const expires = read('expires')
    const gone =
      maxAge === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : Number(maxAge) <= 0
    const key = `${name} ${cookiePath}`
    if (gone) jar.delete(key)
    else {
      jar.set(key, { name, value, path: cookiePath, lasting: maxAge !== undefined || expires !== undefined })
      seen.add(value)
    }
  }

  const browser: Browser = {
    seen,
    async go(path, { from = 'none', ...asking } = {}) {
      const answer = await ask(origin, path, {
        ...asking,
        headers: {
          'sec-fetch-site': from,
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          'user-agent': 'Mozilla/5.0 (test)',
          cookie: cookiesFor(path),
          ...asking.headers
        }
      })
      for (const line of answer.setCookies) keep(path, line)
      return answer
    },
    visit: async (path, asking) => browser.follow(await browser.go(path, asking)),
    async follow(answer) {
      let at = answer
      for (let step = 0; step < 12; step++) {
        const next = at.location === undefined ? undefined : new URL(at.location, issuer)
        if (!next || next.origin !== issuer) return at
        at = await browser.go(next.pathname + next.search, { from: 'same-origin' })
      }
      throw new Error(`redirected for ever: ${at.location}`)
    },
    submit(page, fields, formId) {
      const { action, hidden } = formOn(page, formId)
      return browser.go(action, {
        from: 'same-origin',
        form: { ...hidden, ...fields },
        headers: { origin: issuer }
      })
    },
    cookie: name => [...jar.values()].find(it => it.name === name)?.value,
    setCookie: (name, value) => void jar.set(`${name} /`, { name, value, path: '/', lasting: true }),
    dropCookie(name) {
      for (const [key, it] of jar) if (it.name === name) jar.delete(key)
    },
    keepOnly(...names) {
      for (const [key, it] of jar) if (!names.includes(it.name)) jar.delete(key)
    },
    restart() {
      for (const [key, it] of jar) if (!it.lasting) jar.delete(key)
    },
    copy: () => newBrowser(origin, [...jar.values()])
  }
  return browser
}

/** Where a form on a page goes and what it carries already. */
export function formOn(page: Answer, id?: string): { action: string; hidden: Record<string, string> } {
  const forms = page.text.match(/<form[^>]*>[\s\S]*?<\/form>/g) ?? []
  const form = id === undefined ? forms[0] : forms.find(it => it.includes(`id="${id}"`))
  if (!form) throw new Error(`no form ${id ?? ''} on the page at ${page.path} (${page.status})`)
  const action = unescapeHtml(/action="([^"]*)"/.exec(form)?.[1] ?? page.path)
  const hidden: Record<string, string> = {}
  for (const [input] of form.matchAll(/<input[^>]*type="?hidden"?[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1]
    if (name) hidden[name] = unescapeHtml(/value="([^"]*)"/.exec(input)?.[1] ?? '')
  }
  return { action, hidden }
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function formText(form: NonNullable<Asking['form']>): string {
  if (form instanceof URLSearchParams) return form.toString()
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) query.set(name, value)
  return query.toString()
}
