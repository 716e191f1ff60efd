import type { Host } from './network.ts'

/** What the page of {@link sessionRp} holds. */
export interface RpWindow {
  rp: {
    /** Who is signed in, as this page knows; `null` for nobody. */
    sub: string | null
    /** Each answer of the server's frame, in order. */
    answers: string[]
    /** How often this page went to the server with `prompt=none`, over all its loads. */
    silentQuestions: number
    /** What the page would ask the frame. */
    question: string | null
    /** Sends the frame a message, and gives its answer. */
    ask(message: unknown): Promise<string>
    login(params?: Record<string, string>): Promise<void>
  }
}

/** What an application knows of the server. */
export interface RpOptions {
  issuer: string
  clientId: string
}

/**
 * A site of our own, as Session Management 1.0 §3.1 has it: `/rp` signs in, frames the server's page and asks it each 50 ms.
 * It hears the server's origin alone; `changed` sends it to the server once, with `prompt=none` and `id_token_hint`; `error`
 * stops it. `/elsewhere` has nothing.
 */
export function sessionRp(options: RpOptions): Host {
  const page = `<!DOCTYPE html><title>RP</title><body><script>(${rp})(${JSON.stringify(options)})</script>`
  return (request, response) => {
    const isRp = request.url?.split('?')[0] === '/rp'
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(isRp ? page : '<!DOCTYPE html><title>Elsewhere</title>')
  }
}

/** Runs in the page. */
async function rp({ issuer, clientId }: RpOptions): Promise<void> {
  interface Kept {
    sub?: string
    idToken?: string
    sessionState?: string
    verifier?: string
    silentQuestions?: number
  }
  const redirectUri = `${location.origin}/rp`
  const kept: Kept = JSON.parse(localStorage.getItem('kept') ?? '{}')
  const keep = (more: Kept): void => {
    Object.assign(kept, more)
    localStorage.setItem('kept', JSON.stringify(kept))
  }
  const base64url = (bytes: ArrayBuffer | Uint8Array): string =>
    btoa(String.fromCharCode(...new Uint8Array(bytes)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')

  const login = async (params: Record<string, string> = {}): Promise<void> => {
    const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
    const challenge = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    keep({ verifier })
    location.href = `${issuer}/oauth/authorize?${new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: 'openid',
      code_challenge: base64url(challenge),
      code_challenge_method: 'S256',
      ...params
    })}`
  }

  const back = new URLSearchParams(location.search)
  if (back.has('session_state')) {
    history.replaceState(null, '', '/rp')
    keep({ sessionState: back.get('session_state') ?? undefined, sub: undefined, idToken: undefined })
  }
  if (back.has('code')) {
    const answer = await fetch(`${issuer}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        redirect_uri: redirectUri,
        code: back.get('code') ?? '',
        code_verifier: kept.verifier ?? ''
      })
    })
    const { id_token: idToken } = await answer.json()
    keep({ idToken, sub: JSON.parse(atob(idToken.split('.')[1])).sub })
  }

  const frame = document.createElement('iframe')
  frame.src = `${issuer}/oauth/check_session`
  await new Promise(loaded => {
    frame.onload = loaded
    document.body.append(frame)
  })

  let asking: ReturnType<typeof setInterval> | undefined
  let stopped = false
  const waiting: ((answer: string) => void)[] = []
  const answers: string[] = []
  addEventListener('message', ({ origin, source, data }) => {
    if (origin !== issuer || source !== frame.contentWindow) return
    const next = waiting.shift()
    if (next) return next(data)
    answers.push(data)
    if (data === 'unchanged' || stopped) return
    // Another question may be under way already.
    stopped = true
    clearInterval(asking)
    if (data !== 'changed') return
    keep({ silentQuestions: (kept.silentQuestions ?? 0) + 1 })
    void login({ prompt: 'none', ...(kept.idToken ? { id_token_hint: kept.idToken } : {}) })
  })
  const send = (message: unknown): void => frame.contentWindow?.postMessage(message, issuer)
  const question = kept.sessionState === undefined ? null : `${clientId} ${kept.sessionState}`
  // `#manual`: the page asks only what it is told to.
  if (question && location.hash !== '#manual') asking = setInterval(() => send(question), 50)
  ;(window as unknown as RpWindow).rp = {
    sub: kept.sub ?? null,
    answers,
    silentQuestions: kept.silentQuestions ?? 0,
    question,
    ask: message =>
      new Promise(done => {
        waiting.push(done)
        send(message)
      }),
    login
  }
}
