// Keeps the receipt up to date for as long as something is under way: see doors/receipt-events.ts. Without this script
// the page is the same, as of when it was loaded.
const { events } = document.querySelector('#live').dataset
const reload = document.querySelector('#reload')
const rows = document.querySelectorAll('.slip .applications > li')
let source

function open() {
  source = new EventSource(events)
  source.addEventListener('open', () => {
    reload.hidden = true
  })
  source.addEventListener('receipt', ({ data }) => show(JSON.parse(data)))
  source.addEventListener('end', close)
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) close()
  })
}

let settled = false
function close() {
  source.close()
  reload.hidden = settled
}

function show(news) {
  settled = news.settled
  // Another number of applications is another page.
  if (news.applications.length !== rows.length) return location.reload()
  for (const [index, { state, label, text }] of news.applications.entries()) {
    const row = rows[index]
    row.dataset.state = state
    row.querySelector('.state').textContent = label
    row.querySelector('.text').textContent = text
  }
  const progress = document.querySelector('#progress')
  if (!progress || !news.progress) return
  // Said aloud only when it is something new.
  if (progress.textContent !== news.progress.text) progress.textContent = news.progress.text
  const bar = document.querySelector('.progress progress')
  bar.max = news.progress.of
  bar.value = news.progress.confirmed
}

addEventListener('pagehide', close)
addEventListener('pageshow', event => event.persisted && open())
open()
