import type { FastifyInstance, RouteOptions } from 'fastify'

/** A route that exists, for requests that came with the wrong method. */
interface KnownRoute {
  method: string
  /** See `config.data` of a route. */
  data: boolean
}

/** Remembers every route from now on, to tell "not with this method" from "nothing there". */
export function knownRoutes(app: FastifyInstance): { at(url: string): KnownRoute[] } {
  const routes: { options: RouteOptions; pattern: RegExp }[] = []
  app.addHook('onRoute', options => {
    const pattern = options.url
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
      .replace(/\\\*$/, '.*')
    routes.push({ options, pattern: new RegExp(`^${pattern}$`) })
  })
  return {
    at(url) {
      const [path = ''] = url.split(/[?;#]/)
      return routes
        .filter(({ pattern }) => pattern.test(path))
        .flatMap(({ options }) => [options.method].flat().map(method => ({ method, data: isData(options) })))
    }
  }
}

const isData = ({ config }: RouteOptions): boolean => config?.data === true
