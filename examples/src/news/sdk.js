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
    // Where a logout by redirect comes back to.
    redirect_uri: `${location.origin}/signed-out`,
    // Whoever is signed in and comes back to this page sees whether that is so still.
    watch: isSignedIn()
  })
  if (isSignedIn()) SPiD.hasSession()
}
