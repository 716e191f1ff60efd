import { authorizeAliases } from '../oidc/authorize-aliases.ts'
import { mountOp } from '../oidc/mount.ts'
import type { Op } from '../oidc/op.ts'
import { signInSteps } from '../oidc/sign-in.ts'
import { useDataHeaders, usePageHeaders } from '../web/headers.ts'
import { type WebServer, webServer } from '../web/server.ts'
import { apiLogout } from './api-logout.ts'
import { checkSession } from './check-session.ts'
import type { DoorParts } from './door.ts'
import { endSession } from './end-session.ts'
import { dataErrors, pageErrors, showDataError } from './error-views.ts'
import { globalTokenRevocation } from './global-token-revocation.ts'
import { health } from './health.ts'
import { home } from './home.ts'
import { introspection } from './introspect.ts'
import { legacyJsonp } from './legacy-jsonp.ts'
import { platformApi } from './platform-api.ts'
import { receiptEvents } from './receipt-events.ts'
import { receipts } from './receipts.ts'
import { redirectLogout } from './redirect-logout.ts'
import { revocation } from './revoke.ts'
import { sdkLogout } from './sdk-logout.ts'
import { sdkScript } from './sdk-script.ts'
import { sdkSession } from './sdk-session.ts'
import { sessionService } from './session-service.ts'
import { ssfDoors } from './ssf.ts'
import { statusLists } from './status-list.ts'

/** The OpenID Provider, and whether the server is about to stop. */
export interface DoorOptions {
  op: Op
  isStopping: () => boolean
}

/** The web server with every door in it: pages, which people see (oidc-provider's own included), and data for programs. */
export function openDoors(parts: DoorParts, { op, isStopping }: DoorOptions): WebServer {
  const { config, log } = parts
  const web = webServer({
    log,
    issuer: config.issuer,
    trustProxy: config.trust_proxy,
    showError: pageErrors,
    showDataError
  })

  web.register(async pages => {
    usePageHeaders(pages, config.issuer)
    pages.register(home(parts))
    pages.register(checkSession)
    pages.register(redirectLogout(parts))
    pages.register(authorizeAliases)
    pages.register(signInSteps({ ...parts, op }))
    pages.register(mountOp(op, parts))
  })

  web.register(async data => {
    useDataHeaders(data, config.issuer)
    data.setErrorHandler(dataErrors)
    for (const door of [
      apiLogout,
      platformApi,
      revocation,
      globalTokenRevocation,
      introspection,
      endSession,
      sdkSession,
      sdkLogout,
      sessionService,
      legacyJsonp,
      statusLists,
      receipts,
      receiptEvents,
      ...ssfDoors
    ])
      data.register(door(parts))
    data.register(sdkScript())
    data.register(health(parts, isStopping))
  })
  return web
}
