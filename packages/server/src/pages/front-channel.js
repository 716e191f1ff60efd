// Goes on once every frame has been loaded, or could not be, and at the latest when the time is over. The page leaves
// no entry in the history: the back button must not bring anybody here, to be sent on again.
const onward = document.querySelector('#continue')
const go = () => location.replace(onward.href)
addEventListener('load', go)
setTimeout(go, Number(onward.dataset.longest))
// One that comes out of the back/forward cache is stale: the server knows what is to be shown now.
addEventListener('pageshow', event => event.persisted && location.reload())
