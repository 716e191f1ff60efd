/** What a page did, and what came of it as far as the page can see. */
export interface Attempt {
  did: string
  /** An answer's text, where the page may read it; else the event that it got. */
  saw: string
}

/** What a page saw of something of which the browser told it nothing, neither good nor bad. */
export const unanswered = 'nothing within 15 seconds'

/** Where a page aims. */
export interface Aims {
  issuer: string
  clientId: string
  /** A page of that client. */
  clientPage: string
  /** What it says where nothing came: {@link unanswered}. */
  unanswered: string
}

/**
 * Runs in a page: does whatever a page can do to another origin without a click, to each door of the SDK. Whether
 * a request is answered in time nobody can tell by it: see the server's log.
 */
export async function doEverything({ issuer, clientId, clientPage, unanswered }: Aims): Promise<Attempt[]> {
  const back = encodeURIComponent(clientPage)
  const reads = [
    `${issuer}/sdk/session?client_id=${clientId}`,
    `${issuer}/v2/session?client_id=${clientId}`,
    `${issuer}/ajax/hasSession.js?callback=f1&client_id=${clientId}&redirect_uri=${back}`,
    `${issuer}/rpc/hasSession.js?callback=f1&client_id=${clientId}&redirect_uri=${back}`
  ]
  const ends = [
    `${issuer}/ajax/logout.js?callback=f1&client_id=${clientId}&redirect_uri=${back}`,
    `${issuer}/logout?client_id=${clientId}&redirect_uri=${back}`,
    `${issuer}/sdk/logout?client_id=${clientId}`
  ]
  const post = `${issuer}/sdk/logout?client_id=${clientId}`
  const json = JSON.stringify({ client_id: clientId })
  const heard: string[] = []
  Object.assign(window, {
    SPiD: { Talk: { response: (...given: unknown[]) => heard.push(JSON.stringify(given)) } }
  })

  const attempts: Promise<Attempt>[] = []
  const note = (did: string, saw: Promise<string>): void => {
    const nothing = new Promise<string>(done => setTimeout(done, 15_000, unanswered))
    const seen = Promise.race([saw, nothing]).catch(error => `failed: ${error.name}`)
    attempts.push(seen.then(it => ({ did, saw: it })))
  }
  /** An element that loads an address; `quiet` ones tell nobody whether they did. */
  const load = (name: string, attributes: Record<string, string>, quiet = false): Promise<string> =>
    new Promise(done => {
      const element = document.createElement(name)
      element.onload = () => done('load')
      element.onerror = () => done('error')
      if (name === 'video') element.addEventListener('loadedmetadata', () => done('load'))
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
      document.body.append(element)
      if (quiet) done('nothing')
    })
  /** A frame that runs this code in an origin of its own. */
  const inFrame = (attributes: (code: string) => Record<string, string>, body: string): Promise<string> =>
    new Promise(done => {
      const name = `answer-${Math.random()}`
      addEventListener('message', ({ data }) => {
        if (data.name === name) done(data.saw)
      })
      const code = `<script>Promise.resolve().then(async () => { ${body} })
        .catch(error => 'failed: ' + error.name).then(saw => parent.postMessage({ name: '${name}', saw }, '*'))</${'script'}>`
      void load('iframe', attributes(code))
    })

  for (const address of [...reads, ...ends]) {
    for (const [name, key] of [
      ['img', 'src'],
      ['script', 'src'],
      ['iframe', 'src'],
      ['video', 'src']
    ] as const)
      note(`${name} ${address}`, load(name, { [key]: address }))
    note(`style ${address}`, load('link', { rel: 'stylesheet', href: address }))
    note(`module ${address}`, load('script', { type: 'module', src: address }))
    note(
      `script without referrer ${address}`,
      load('script', { src: address, referrerpolicy: 'no-referrer' })
    )
    note(`object ${address}`, load('object', { data: address }, true))
    note(`embed ${address}`, load('embed', { src: address }, true))
    for (const rel of ['prefetch', 'prerender', 'preconnect'])
      note(`${rel} ${address}`, load('link', { rel, href: address }, true))
    note(`preload ${address}`, load('link', { rel: 'preload', as: 'script', href: address }, true))
    for (const init of [
      { credentials: 'include' },
      { credentials: 'include', mode: 'no-cors' },
      { credentials: 'include', mode: 'no-cors', method: 'HEAD' },
      {
        credentials: 'include',
        referrer: '',
        referrerPolicy: 'no-referrer',
        mode: 'no-cors',
        keepalive: true
      }
    ] satisfies RequestInit[])
      note(
        `fetch ${JSON.stringify(init)} ${address}`,
        fetch(address, init).then(async answer => `${answer.type} ${await answer.text()}`)
      )
    note(
      `event stream ${address}`,
      new Promise(done => {
        const stream = new EventSource(address, { withCredentials: true })
        stream.onmessage = ({ data }) => done(data)
        stream.onerror = () => {
          stream.close()
          done('error')
        }
      })
    )
  }
  // One alone: Firefox puts further ones off for longer and longer.
  const socket = new WebSocket(`${issuer}/logout?client_id=${clientId}`.replace('https:', 'wss:'))
  note(
    'socket',
    new Promise(done => {
      socket.onopen = () => done('open')
      socket.onerror = () => done('error')
    })
  )
  const rules = {
    prefetch: [{ source: 'list', urls: [...reads, ...ends] }],
    prerender: [{ source: 'list', urls: [...reads, ...ends] }]
  }
  const speculation = document.createElement('script')
  speculation.type = 'speculationrules'
  speculation.textContent = JSON.stringify(rules)
  document.head.append(speculation)

  const bodies: [string, BodyInit | undefined, Record<string, string>][] = [
    ['text', json, { 'content-type': 'text/plain' }],
    ['text that says JSON', json, { 'content-type': 'text/plain; application/json' }],
    ['a form', new URLSearchParams({ client_id: clientId }), {}],
    ['a form in parts', new FormData(), {}],
    ['no type', new Blob([json]), {}],
    ['no body', undefined, {}],
    ['JSON', json, { 'content-type': 'application/json' }]
  ]
  for (const [what, body, headers] of bodies)
    for (const mode of ['cors', 'no-cors'] as const)
      note(
        `post ${what}, ${mode}`,
        fetch(post, { method: 'POST', mode, credentials: 'include', body, headers, keepalive: true }).then(
          async answer => `${answer.type} ${await answer.text()}`
        )
      )
  for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded'])
    for (const address of [post, ...ends]) navigator.sendBeacon(address, new Blob([json], { type }))

  const formPost = (address: string, enctype: string): Promise<string> => {
    const target = `frame-${Math.random()}`
    const loaded = load('iframe', { name: target })
    const form = document.createElement('form')
    Object.assign(form, { method: 'post', action: address, enctype, target })
    // With `text/plain` name, `=` and value make up the body.
    const [name, value] =
      enctype === 'text/plain' ? [`{"client_id":"${clientId}","x":"`, '"}'] : ['client_id', clientId]
    const field = document.createElement('input')
    Object.assign(field, { type: 'hidden', name, value })
    form.append(field)
    document.body.append(form)
    return loaded.then(() => {
      form.submit()
      return 'sent'
    })
  }
  for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])
    for (const address of ends) note(`form ${enctype} ${address}`, formPost(address, enctype))

  const ask = `const read = await fetch(${JSON.stringify(reads[0])}, { credentials: 'include' }).then(it => it.text(), () => 'refused')
    const ended = await fetch(${JSON.stringify(post)}, { method: 'POST', credentials: 'include', body: ${JSON.stringify(json)},
      headers: { 'content-type': 'application/json' } }).then(it => it.text(), () => 'refused')
    return read + ' ' + ended`
  note(
    'a sandbox',
    inFrame(code => ({ sandbox: 'allow-scripts', srcdoc: code }), ask)
  )
  note(
    'a data: address',
    inFrame(code => ({ src: `data:text/html,${encodeURIComponent(code)}` }), ask)
  )
  note(
    'a blob: address',
    inFrame(code => ({ src: URL.createObjectURL(new Blob([code], { type: 'text/html' })) }), ask)
  )

  const done = await Promise.all(attempts)
  const frames = [...document.querySelectorAll('iframe')].map(frame => {
    // Of a frame that shows a page of another origin there is no document.
    try {
      return frame.src.startsWith(issuer) ? (frame.contentDocument?.body?.textContent ?? 'closed') : 'own'
    } catch {
      return 'closed'
    }
  })
  return [
    ...done,
    ...frames.map((saw, i) => ({ did: `looked into frame ${i}`, saw })),
    ...heard.toSorted().map(saw => ({ did: 'was called back', saw }))
  ]
}
