import { followLogout, isSignedIn } from '/sign-out-page.js'
// The package @utgang/browser, which this site serves itself.
import { init } from '/utgang.js'

const utgang = init({
  client_id: 'market',
  server: 'http://id.localhost:4000',
  // This site's own backend is asked first, and ends the session from server to server: see sdk-backend.ts.
  backend: '/auth',
  // Where a logout comes back to, should it have to be one by redirect.
  redirect_uri: `${location.origin}/signed-out`,
  // Whoever is signed in and comes back to this page sees whether that is so still.
  watch: isSignedIn()
})

followLogout(utgang)
// What fails is told as an event too; here there is nothing to do about it.
if (isSignedIn()) utgang.hasSession().catch(() => {})
