// Chromium may keep a page that says `no-store` when it is left, and show it as it was for the back button, also after a
// sign-out. The server is asked again instead. Everything else on this site works without scripts.
addEventListener('pageshow', event => {
  if (event.persisted) location.reload()
})
