import { accountMenu } from '../account-menu.ts'
import { apiPaths } from '../api.ts'
import { addresses, market as client } from '../clients.ts'
import { documentOf } from '../document.ts'
import { html } from '../html.ts'
import type { Site } from '../site-parts.ts'

/** Torget, a marketplace. */
export const market: Site = {
  id: 'market',
  name: client.client_name,
  address: addresses.market,
  client,
  logoutWords: 'oidc',
  tokensEndWithSession: client.tokens_end_with_session,
  sdk: 'module_of_the_site',
  api: addresses.api + apiPaths.favourites,
  folder: new URL('./', import.meta.url),
  frame: ({ title, main }, visitor) =>
    documentOf(
      `${title} · Torget`,
      html`<header><div class="bar">
  <a class="brand" href="/"><img src="/pictures/icon.svg" alt="" width="32" height="32">Torget</a>
  <form class="search" action="/" role="search"><input type="search" name="q" placeholder="Search for a tent, a lamp …" aria-label="Search"><button>Search</button></form>
  ${accountMenu(market, visitor)}
</div></header>
<main>${main}</main>
<footer><p>Torget is an example site of Utgang. Nothing here is really for sale. <a href="${addresses.news}/">To the newspaper Fjordbladet</a></p></footer>`,
      html`<script src="/sdk.js" type="module"></script>`
    )
}
