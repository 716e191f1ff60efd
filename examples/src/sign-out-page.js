// What the pages of both sites do with the browser SDK: offer the way out, and show what came of it. This is the part
// that every application writes for itself. How the SDK is set up is in each site's sdk.js.

/** Whether this page was made for somebody who is signed in here. */
export const isSignedIn = () => document.querySelector('#visitor').dataset.state === 'signed-in'

/** Offers the way out, and shows what this page hears of a logout, wherever it was done. @param sdk `on(event, listener)`, and `logout()`, which gives a promise */
export function followLogout({ on, logout }) {
  const heard = newLog()
  on('SPiD.logout', async event => {
    heard.start(event)
    // Here, somebody left on purpose. In another tab somebody may be in the middle of an article.
    const isOwn = event.by !== 'tab' && event.by !== 'elsewhere'
    await showAnew(isOwn ? '/signed-out' : location.href)
    heard.place()
    if (isOwn) arrive()
  })
  on('SPiD.statusChange', heard.add('SPiD.statusChange'))
  on('SPiD.sessionChange', heard.add('SPiD.sessionChange'))
  // Somebody else is signed on in this browser now: the site's own backend finds out who, and begins anew.
  on('SPiD.userChange', () => location.reload())
  offer(logout)
}

/** Takes from a page what depends on who is signed in, so that nothing personal stays on the screen. */
async function showAnew(address) {
  try {
    const page = new DOMParser().parseFromString(await (await fetch(address)).text(), 'text/html')
    for (const part of ['#visitor', 'main'])
      document.querySelector(part).replaceWith(page.querySelector(part))
    document.title = page.title
  } catch {
    location.assign(address)
  }
}

/** The page is another one now: for reloading, for the back button, and for those who do not see it. */
function arrive() {
  history.replaceState(null, '', '/signed-out')
  const heading = document.querySelector('main h1')
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
  scrollTo(0, 0)
}

/** The button that is of no use without scripts. */
function offer(logout) {
  const way = document.querySelector('#with-javascript')
  if (!way) return
  const button = way.querySelector('button')
  const trouble = way.querySelector('[role=alert]')
  const { textContent } = button
  button.addEventListener('click', async () => {
    // It can still be clicked: while one logout is under way, the SDK takes a second call for the same one.
    button.ariaBusy = 'true'
    button.textContent = 'Signing out …'
    trouble.replaceChildren()
    try {
      await logout()
    } catch (error) {
      // What the SDK says is for developers. (`description`: an error in SPiD's form.)
      const detail = element('code', { textContent: error.message ?? error.description })
      trouble.replaceChildren(
        'You are still signed in: signing out did not work. Try again in a moment.',
        detail
      )
    }
    button.ariaBusy = null
    button.textContent = textContent
  })
  way.hidden = false
}

/** How a logout was done, by the `by` of its event. */
const ways = {
  backend: 'The backend of this site ended the session, from server to server. The page stayed where it was.',
  cookie:
    'The page asked the sign-in server, and your browser sent its cookie along. The page stayed where it was.',
  token: 'The page showed the sign-in server its tokens. The page stayed where it was.',
  redirect:
    'No call from this page could end the session: a browser that blocks third-party cookies sends none along. So the page went to the sign-in server and came back.',
  tab: 'Another tab of this site signed out, and told this one.',
  elsewhere:
    'The session was ended somewhere else. The sign-in server told the backend of this site, and the backend told this page.'
}

/** The events of a logout, as this page heard them, one by one. */
function newLog() {
  const list = element('ol')
  const way = element('p', { className: 'fine' })
  const log = element('section', { id: 'heard', className: 'panel heard' }, [
    element('h2', { textContent: 'What this page heard' }),
    way,
    list
  ])

  function add(name, { by, receipt, status }) {
    const says = by ? { by, receipt: receipt && `…${receipt.slice(-6)}` } : { status, session: null }
    const fields = Object.entries(says).map(([key, value]) =>
      element('code', { textContent: `${key}: ${value}` })
    )
    const line = element('li', {}, [element('b', { textContent: name }), ...fields])
    line.dataset.event = name
    list.append(line)
  }

  return {
    start(event) {
      list.replaceChildren()
      way.textContent = ways[event.by]
      log.dataset.by = event.by
      add('SPiD.logout', event)
    },
    /** Nothing before the logout: at first pages hear who is signed in, and that is no news. */
    add: name => event => event.session === null && log.dataset.by && add(name, event),
    /** Beside the receipt where there is one, else on top. */
    place() {
      const panels = document.querySelector('#signed-out-here + .panels')
      ;(panels ?? document.querySelector('main')).prepend(log)
    }
  }
}

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}
