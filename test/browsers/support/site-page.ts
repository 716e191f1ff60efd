import type { Events, InitOptions, LoggedOut, Tokens, Utgang } from '@utgang/browser'

/** What a page of the tests has in its `window`. */
export interface TestWindow {
  sdk: Utgang
  /** Every event that the page has heard, in order. */
  heard: Heard[]
  /** What the last `logout()` came to; absent while it is under way. */
  outcome?: LoggedOut | { failed: string }
  /** What `finishLogin()` gave on this page. */
  tokens: Tokens | null
}

/** An event as a page heard it; of an error its code. */
export interface Heard {
  name: keyof Events
  payload: Record<string, unknown>
}

/** What a page told its server when it was shown. */
export interface Shown {
  /** Path and query. */
  page: string
  /** Whether it came from the back/forward cache, and was not loaded. */
  persisted: boolean
  /** Whom it said to be signed in; empty for nobody. */
  who: string
}

const events: readonly (keyof Events)[] = [
  'login',
  'logout',
  'userChange',
  'sessionInit',
  'notLoggedin',
  'statusChange',
  'sessionChange',
  'visitor',
  'error',
  'loginException'
]

/**
 * A page that starts the SDK with these options, writes down what it hears, and shows who is signed in: as its server
 * knows, as its tokens say, and nobody from a logout on.
 */
export function pageWith(options: InitOptions, who: string): string {
  return `<!doctype html>
<html lang="en">
<title>A page</title>
<p id="who">${escaped(who)}</p>
<script type="module">
  import { init } from '/sdk.js'
  const who = document.querySelector('#who')
  window.heard = []
  window.sdk = init(${JSON.stringify(options).replaceAll('<', '\\u003c')})
  for (const name of ${JSON.stringify(events)})
    window.sdk.on(name, payload => window.heard.push({ name, payload: name === 'error' ? { code: payload.code } : payload }))
  window.sdk.on('logout', () => { who.textContent = '' })
  const tell = persisted => {
    const page = location.pathname + location.search
    fetch('/shown', { method: 'POST', body: JSON.stringify({ page, persisted, who: who.textContent }) })
  }
  // WebKit's first one comes before the module has run.
  addEventListener('pageshow', ({ persisted }) => { if (persisted) tell(true) })
  window.tokens = (await window.sdk.finishLogin()) ?? null
  if (window.tokens) who.textContent = 'whoever holds the tokens'
  document.body.dataset.ready = ''
  tell(false)
</script>
</html>`
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
