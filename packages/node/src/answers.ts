/** A JSON answer that nobody keeps. */
export function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers }
  })
}

/** A refusal in OAuth's form. */
export const refusal = (status: number, error: string, error_description: string): Response =>
  json(status, { error, error_description })

/** Sends the browser on with a GET. @param cookies `Set-Cookie` lines */
export function redirect(location: string, cookies: string[] = []): Response {
  return withCookies(
    new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } }),
    cookies
  )
}

/** Adds `Set-Cookie` lines. */
export function withCookies(response: Response, cookies: string[]): Response {
  for (const line of cookies) response.headers.append('set-cookie', line)
  return response
}

/** Text of a page. */
export interface PageText {
  title: string
  text: string
  /** Why, in one word, for programs. */
  code: string
  /** Where the person can go on, and what is written there. */
  links: { to: string; label: string }[]
}

/** A page of few words, for what a person has to be told when there is no page of the application's own. */
export function page(status: number, { title, text, code, links }: PageText): Response {
  const list = links.map(({ to, label }) => `<a href="${escaped(to)}">${escaped(label)}</a>`).join(' · ')
  return new Response(
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<h1>${escaped(title)}</h1>
<p id="error" data-code="${escaped(code)}">${escaped(text)}</p>
<p>${list}</p>
</html>
`,
    {
      status,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff'
      }
    }
  )
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
