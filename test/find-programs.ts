import { globSync } from 'node:fs'
import { runnable } from './runnable.ts'

/** PostgreSQL's programs that tests run, as paths. */
export interface PostgresPaths {
  initdb: string
  postgres: string
}

/** Apache with the module that makes an OpenID Connect RP of it, as paths. */
export interface ApachePaths {
  apache: string
  /** The folder of its modules. */
  modules: string
}

/** The newest PostgreSQL here, when all of its parts are there. */
export function findPostgres(): PostgresPaths | undefined {
  const folders = globSync([
    '/usr/lib/postgresql/*/bin',
    '/opt/homebrew/opt/postgresql@*/bin',
    '/usr/local/bin'
  ])
  const version = (folder: string): number => Number(/(\d+)\/bin$/.exec(folder)?.[1] ?? 0)
  for (const folder of folders.toSorted((a, b) => version(b) - version(a))) {
    const [initdb, postgres] = [runnable(`${folder}/initdb`), runnable(`${folder}/postgres`)]
    if (initdb && postgres) return { initdb, postgres }
  }
  return undefined
}

/** The Redis server, as a path. */
export function findRedis(): string | undefined {
  return runnable(['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'])
}

/** Apache, when mod_auth_openidc is there too. */
export function findApache(): ApachePaths | undefined {
  const apache = runnable(['/usr/sbin/apache2', '/usr/sbin/httpd'])
  const [module] = globSync('/usr/{lib,lib64,libexec}/{apache2,httpd}/modules/mod_auth_openidc.so')
  return apache && module ? { apache, modules: module.slice(0, module.lastIndexOf('/')) } : undefined
}
