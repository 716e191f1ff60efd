import { accountMenu } from '../account-menu.ts'
import { apiPaths } from '../api.ts'
import { addresses, news as client } from '../clients.ts'
import { documentOf } from '../document.ts'
import { html } from '../html.ts'
import type { Site } from '../site-parts.ts'

/** Fjordbladet, a newspaper. */
export const news: Site = {
  id: 'news',
  name: client.client_name,
  address: addresses.news,
  client,
  logoutWords: 'spid',
  tokensEndWithSession: client.tokens_end_with_session,
  sdk: 'script_of_the_server',
  api: addresses.api + apiPaths.readingList,
  folder: new URL('./', import.meta.url),
  frame: ({ title, main }, visitor) =>
    documentOf(
      `${title} · Fjordbladet`,
      html`<header>
  <div class="strip"><span>Founded 1868</span><span class="weather">Fjord 11° · light breeze</span>${accountMenu(news, visitor)}</div>
  <a class="masthead" href="/">Fjordbladet</a>
  <nav aria-label="Sections"><a href="/">Front page</a>${['Harbour', 'City', 'Culture', 'Outdoors'].map(name => html`<a href="/section/${name.toLowerCase()}">${name}</a>`)}</nav>
</header>
<main>${main}</main>
<footer><p>Fjordbladet is an example site of Utgang. The news is made up. <a href="${addresses.market}/">To the marketplace Torget</a></p></footer>`,
      html`<script src="${addresses.signIn}/js/utgang.js" defer></script>
<script src="/sdk.js" type="module"></script>`
    )
}
