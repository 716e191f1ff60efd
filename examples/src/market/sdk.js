import { followSession, isSignedIn } from '/sign-out-page.js'
// The package @utgang/browser, which this site serves itself.
import { init } from '/utgang.js'

const utgang = init({
  client_id: 'market',
  server: 'http://id.localhost:4000',
  // This site's own backend is asked first, and ends the session from server to server: see sdk-backend.ts.
  backend: '/auth',
  // Where a logout comes back to, should it have to be one by redirect.
  redirect_uri: `${location.origin}/signed-out`,
  // People who come back to this page see whether they are signed in still.
  watch: true
})

followSession(utgang)
// What fails is told as an event too; here there is nothing to do about it.
if (isSignedIn()) utgang.hasSession().catch(() => {})
