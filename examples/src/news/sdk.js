import { followLogout, isSignedIn } from '/sign-out-page.js'

// The script build, from the sign-in server, has set the global SPiD; or that server cannot be reached, and then this
// site does without.
const { SPiD } = globalThis
if (SPiD) {
  // First who listens, then `init`: a page that comes back from a logout hears of it at once.
  followLogout({
    on: (event, listener) => SPiD.event.subscribe(event, listener),
    logout: () =>
      new Promise((done, failed) => SPiD.logout((error, data) => (error ? failed(error) : done(data))))
  })
  SPiD.init({
    client_id: 'news',
    server: 'id.localhost:4000',
    // Only because the demo runs on http.
    https: false,
    // This site's own backend, the kit, is asked first; its event stream says at once when the session has ended elsewhere.
    backend: '/auth',
    // Where a logout comes back to, should it have to be one by redirect.
    redirect_uri: `${location.origin}/signed-out`,
    // Whoever is signed in sees at once when that is over, whoever ended it.
    watch: isSignedIn()
  })
  if (isSignedIn()) SPiD.hasSession()
}
