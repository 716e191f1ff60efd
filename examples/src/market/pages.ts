import type { FastifyInstance } from 'fastify'
import { type Html, html } from '../html.ts'
import type { Page, SiteParts, Visitor } from '../site-parts.ts'
import { type SavedItem, verdictOn, verdictPanel } from '../verdict.ts'
import { userOf } from '../visits.ts'
import { categories, type Listing, listings } from './listings.ts'

/** The pages of the marketplace. */
export function marketPages(app: FastifyInstance, parts: SiteParts): void {
  app.get(
    '/',
    parts.page((request, _reply, visitor) => allListings(parts, visitor, wishOf(request.query)))
  )
  app.get(
    '/listing/:id',
    parts.page(async (request, reply, visitor) => {
      const { id } = request.params as { id: string }
      const listing = listings.find(it => it.id === id)
      if (listing) return listingPage(listing, visitor)
      reply.code(404)
      return {
        title: 'Sold or gone',
        main: html`<section class="notice"><h1>Sold or gone</h1><p>There is no such listing. <a href="/">See all</a></p></section>`
      }
    })
  )
}

/** What the visitor is looking for. */
interface Wish {
  words: string
  category: string
}

function wishOf(query: unknown): Wish {
  const { q, category } = query as Record<string, unknown>
  return {
    words: typeof q === 'string' ? q.trim() : '',
    category: typeof category === 'string' ? category : ''
  }
}

async function allListings(parts: SiteParts, { session, left }: Visitor, wish: Wish): Promise<Page> {
  const shown = session ? { session } : left
  const verdict = shown && (await verdictOn(parts, shown.session))
  const favourites = session ? (verdict?.items ?? []) : []
  const found = listings.filter(it => fits(it, wish))
  return {
    title: 'All listings',
    main: html`
      <div class="hero"><h1>${session ? `Good to see you, ${userOf(session).name.split(' ')[0]}` : 'Good things, second time around'}</h1>
      <p>${session ? favouritesLine(favourites) : 'Bought from people, carried home by bus.'}</p></div>
      <nav class="chips" aria-label="Categories">${chip('All', '/', wish.category === '')}${categories.map(name => chip(name, `/?category=${name}`, wish.category === name))}</nav>
      ${wish.words !== '' && html`<p class="found" id="found">${found.length} for “${wish.words}”</p>`}
      <div class="cards">${found.map(it => card(it, favourites))}</div>
      ${shown && verdict && html`<div class="panels">${verdictPanel(parts, shown, verdict)}</div>`}`
  }
}

function fits({ title, text, category }: Listing, wish: Wish): boolean {
  const named = `${title} ${text}`.toLowerCase().includes(wish.words.toLowerCase())
  return named && (wish.category === '' || wish.category === category)
}

function favouritesLine(items: readonly SavedItem[]): Html {
  return items.length > 0
    ? html`<span id="favourites">${items.length} of your favourites are still for sale.</span>`
    : html`<span id="favourites">The example API does not answer with this token, so there are no favourites.</span>`
}

function chip(name: string, href: string, current: boolean): Html {
  return html`<a href="${href}"${current && html` aria-current="page"`}>${name}</a>`
}

function card({ id, title, price, place }: Listing, favourites: readonly SavedItem[]): Html {
  const favourite = favourites.some(it => it.id === id)
  return html`<article class="card">
    <a href="/listing/${id}"><img src="/pictures/${id}.svg" alt="" width="400" height="300" loading="lazy">
    ${favourite && html`<span class="heart" title="One of your favourites">♥</span>`}
    <b class="price">${kroner(price)}</b><span class="title">${title}</span><span class="place">${place}</span></a>
  </article>`
}

function listingPage(
  { id, title, price, place, seller, phone, text }: Listing,
  { session, at }: Visitor
): Page {
  return {
    title,
    main: html`<article class="listing">
      <img src="/pictures/${id}.svg" alt="" width="400" height="300">
      <div>
        <h1>${title}</h1>
        <p class="price">${kroner(price)}</p>
        <p>${text}</p>
        <p class="place">${seller}, ${place}</p>
        ${
          session
            ? html`<p class="phone" id="phone">Call ${seller}: <b>${phone}</b></p>`
            : html`<a class="button" href="/auth/login?return_to=${encodeURIComponent(at)}">Sign in to see the number</a>`
        }
        <p><a href="/">Back to all listings</a></p>
      </div>
    </article>`
  }
}

function kroner(amount: number): string {
  return `${String(amount).replace(/\B(?=(\d{3})+$)/g, ' ')} kr`
}
