import type { TestSystem } from '../support/system.ts'

/** A route as the server lists it. */
export interface Route {
  method: string
  /** With a made-up value for each parameter. */
  path: string
}

/** Every route of a running server, each method for itself. */
export function routesOf(at: TestSystem): Route[] {
  const above: string[] = []
  const found: Route[] = []
  for (const line of at.system.web.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods = ''] = /^([\s│├└─]*)(\S+) \(([A-Z, ]+)\)/.exec(line) ?? []
    if (!part) continue
    const depth = indent.length / 4
    above.length = depth
    above[depth] = part
    const path = above
      .join('')
      .replace(/\/{2,}/g, '/')
      .replace(/:\w+/g, 'made-up')
    for (const method of methods.split(', ')) found.push({ method, path })
  }
  return found
}
