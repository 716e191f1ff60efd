import type { Auth, RpSession, RpSessionStore } from '@utgang/node'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Registration } from './clients.ts'
import type { Html } from './html.ts'
import type { Outgoing } from './outgoing.ts'
import type { SignInServer } from './sign-in-server.ts'
import type { TriedCookie } from './tried-cookie.ts'
import type { Left, Visits } from './visits.ts'

/** What tells one site from the other. */
export interface Site {
  id: string
  name: string
  /** Its origin. */
  address: string
  client: Registration
  /** Whose parameter names it uses when it signs out by redirect. */
  logoutWords: 'spid' | 'oidc'
  /** Whether its tokens end with the sign-on session, as it is registered. */
  tokensEndWithSession: boolean
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
  /** The visitor's login here, as the kit has it. */
  session: RpSession | undefined
  /** The login that the visitor had here a moment ago. */
  left: Left | undefined
  /** The path and query of this page, to come back to after signing in. */
  at: string
}

/** What the parts of a site work with. */
export interface SiteParts {
  site: Site
  /** Sign-in, session and logout: the kit. */
  auth: Auth
  /** Where the kit keeps its sessions. */
  sessions: RpSessionStore
  /** For what the demo asks the sign-in server besides. */
  server: SignInServer
  visits: Visits
  tried: TriedCookie
  outgoing: Outgoing
  visitorOf(request: FastifyRequest, reply: FastifyReply): Promise<Visitor>
  /** Sends a page in the site's frame; never to be kept by the browser, since it says who is signed in. */
  show(reply: FastifyReply, visitor: Visitor, page: Page): FastifyReply
  /** A page of the site: first finds out whether a stranger is signed in at the other site, or was signed out there. */
  page(render: (request: FastifyRequest, reply: FastifyReply, visitor: Visitor) => Promise<Page>): Handler
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
