import { followLogout, isSignedIn } from '/sign-out-page.js'
// The package @utgang/browser, which this site serves itself.
import { init } from '/utgang.js'

const utgang = init({
  client_id: 'market',
  server: 'http://id.localhost:4000',
  // This site's own backend, the kit, is asked first; its event stream says at once when the session has ended elsewhere.
  backend: '/auth',
  // Where a logout comes back to, should it have to be one by redirect.
  redirect_uri: `${location.origin}/signed-out`,
  // Whoever is signed in sees at once when that is over, whoever ended it.
  watch: isSignedIn()
})

followLogout(utgang)
// What fails is told as an event too; here there is nothing to do about it.
if (isSignedIn()) utgang.hasSession().catch(() => {})
