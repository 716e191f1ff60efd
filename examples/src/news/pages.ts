import type { FastifyInstance } from 'fastify'
import { type Html, html } from '../html.ts'
import type { Page, SiteParts, Visitor } from '../site-parts.ts'
import { type SavedItem, verdictOn, verdictPanel } from '../verdict.ts'
import { userOf } from '../visits.ts'
import { type Article, articles } from './articles.ts'

/** The pages of the newspaper. */
export function newsPages(app: FastifyInstance, parts: SiteParts): void {
  app.get(
    '/',
    parts.page((_request, _reply, visitor) => frontPage(parts, visitor))
  )
  app.get(
    '/section/:name',
    parts.page(async (request, reply) => {
      const { name } = request.params as { name: string }
      const found = articles.filter(({ section }) => section.toLowerCase() === name)
      const [first] = found
      return first ? sectionPage(first.section, found) : missing(() => reply.code(404))
    })
  )
  app.get(
    '/article/:slug',
    parts.page(async (request, reply, visitor) => {
      const { slug } = request.params as { slug: string }
      const article = articles.find(it => it.slug === slug)
      return article ? articlePage(article, visitor) : missing(() => reply.code(404))
    })
  )
}

async function frontPage(parts: SiteParts, { session, left }: Visitor): Promise<Page> {
  const shown = session ? { session } : left
  const verdict = shown && (await verdictOn(parts, shown.session))
  const [lead, ...others] = articles
  return {
    title: 'Front page',
    main: html`
      ${lead && leadStory(lead)}
      ${session && verdict && readingList(userOf(session).name, verdict.items)}
      <div class="stories">${others.map(story)}</div>
      ${shown && verdict && html`<div class="panels">${verdictPanel(parts, shown, verdict)}</div>`}`
  }
}

function leadStory(article: Article): Html {
  return html`<article class="lead">
    <a href="/article/${article.slug}"><img src="/pictures/${article.picture}.svg" alt="${article.alt}" width="800" height="450"></a>
    <div>
      <p class="section">${article.section}</p>
      <h1><a href="/article/${article.slug}">${article.title}</a></h1>
      <p>${article.lead}</p>
      ${byline(article)}
    </div>
  </article>`
}

function story(article: Article): Html {
  return html`<article class="story">
    <a href="/article/${article.slug}"><img src="/pictures/${article.picture}.svg" alt="${article.alt}" width="800" height="450" loading="lazy"></a>
    <p class="section">${article.section}${article.forMembers && html` <span class="members">For readers who sign in</span>`}</p>
    <h2><a href="/article/${article.slug}">${article.title}</a></h2>
    <p>${article.lead}</p>
    ${byline(article)}
  </article>`
}

function byline({ author, minutes }: Article): Html {
  return html`<p class="byline">${author} · ${minutes} min</p>`
}

function readingList(name: string, items: readonly SavedItem[]): Html {
  return html`<aside class="reading" id="reading-list">
    <h2>Your reading list, ${name.split(' ')[0]}</h2>
    ${items.length > 0 ? html`<ul>${items.map(({ id, title }) => html`<li><a href="/article/${id}">${title}</a></li>`)}</ul>` : html`<p>The example API does not answer with this token, so the list is empty.</p>`}
  </aside>`
}

function sectionPage(section: string, found: readonly Article[]): Page {
  return {
    title: section,
    main: html`<h1 class="heading">${section}</h1><div class="stories">${found.map(story)}</div>`
  }
}

function articlePage(article: Article, { session, at }: Visitor): Page {
  const [first, ...rest] = article.body
  const closed = article.forMembers && !session
  return {
    title: article.title,
    main: html`<article class="full">
      <p class="section">${article.section}</p>
      <h1>${article.title}</h1>
      <p class="standfirst">${article.lead}</p>
      ${byline(article)}
      <img src="/pictures/${article.picture}.svg" alt="${article.alt}" width="800" height="450">
      <p class="first">${first}</p>
      ${
        closed
          ? html`<div class="wall" id="wall"><p>The rest of this article is for readers who are signed in. It costs nothing.</p><a class="button" href="/auth/login?return_to=${encodeURIComponent(at)}">Sign in and read on</a></div>`
          : rest.map(paragraph => html`<p>${paragraph}</p>`)
      }
    </article>`
  }
}

function missing(mark: () => unknown): Page {
  mark()
  return {
    title: 'Not in this paper',
    main: html`<section class="notice"><h1>Not in this paper</h1><p>There is no such page. <a href="/">Go to the front page</a></p></section>`
  }
}
