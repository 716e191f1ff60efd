import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Registration } from './clients.ts'
import type { Html } from './html.ts'
import type { Outgoing } from './outgoing.ts'
import type { PendingSignIns } from './pending-sign-ins.ts'
import type { RpSession, RpSessions } from './rp-session.ts'
import type { SignInServer } from './sign-in-server.ts'
import type { TriedCookie } from './tried-cookie.ts'

/** What tells one site from the other. */
export interface Site {
  id: string
  name: string
  /** Its origin. */
  address: string
  client: Registration
  /** Whose parameter names it uses when it signs out by redirect. */
  logoutWords: 'spid' | 'oidc'
  /** How it learns that the visitor signed out elsewhere: see session-check.ts. */
  check: 'own_token' | 'silent_sign_in'
  /** Where its pages have the browser SDK from; how they use it is in its `sdk.js`. */
  sdk: 'script_of_the_server' | 'module_of_the_site'
  /** The part of the example API that belongs to it. */
  api: string
  /** The folder with its `site.css`, its `sdk.js` and its `pictures`. */
  folder: URL
  /** The page around what is shown: head, masthead, foot. */
  frame(page: Page, visitor: Visitor): Html
}

/** What goes into a site's frame. */
export interface Page {
  title: string
  main: Html
}

/** Who is looking. */
export interface Visitor {
  /** The visitor's RP session, when signed in here. */
  session: RpSession | undefined
  /** The RP session that the visitor left a moment ago. */
  left: RpSession | undefined
  /** The path and query of this page, to come back to after signing in. */
  at: string
}

/** What the parts of a site work with. */
export interface SiteParts {
  site: Site
  server: SignInServer
  sessions: RpSessions
  pending: PendingSignIns
  tried: TriedCookie
  outgoing: Outgoing
  visitorOf(request: FastifyRequest): Visitor
  /** Sends a page in the site's frame; never to be kept by the browser, since it says who is signed in. */
  show(reply: FastifyReply, visitor: Visitor, page: Page): FastifyReply
  /** A page of the site: first finds out whether the visitor is signed in, here or at the other site. */
  page(render: (request: FastifyRequest, reply: FastifyReply, visitor: Visitor) => Promise<Page>): Handler
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
