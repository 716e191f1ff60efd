import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { endWithUs, removeFolder, temporaryFolder } from '../../../../test/browsers/support/processes.ts'
import { findPostgres, findRedis } from '../../../../test/find-programs.ts'

/** A database server of these tests, in a folder of its own. It is reached by a socket there, by nobody else. */
export interface Server {
  /** The folder of its socket for PostgreSQL, the path of it for Redis. */
  address: string
  start(): Promise<void>
  /** Ends its process at once, as a crash would. */
  kill(): Promise<void>
  /** Lets it stand still, and go on. */
  pause(): void
  resume(): void
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

const postgres = findPostgres()
const redis = findRedis()

/** Whether there is one here. */
export const hasPostgres = postgres !== undefined
/** Whether there is one here. */
export const hasRedis = redis !== undefined

/** Starts a new PostgreSQL. */
export async function startPostgres(): Promise<Server> {
  if (!postgres) throw new Error('no PostgreSQL here')
  const { folder, user } = ownFolder('postgres')
  const data = `${folder}/data`
  execFileSync(postgres.initdb, ['-D', data, '-U', 'app', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...user,
    cwd: folder,
    stdio: 'pipe'
  })
  const settings = [`unix_socket_directories=${folder}`, 'listen_addresses=', 'fsync=off']
  const program = [postgres.postgres, '-D', data, ...settings.flatMap(it => ['-c', it])]
  return server(folder, program, user, folder, () => acceptsQueries(folder))
}

/** Starts a new Redis. */
export async function startRedis(): Promise<Server> {
  if (!redis) throw new Error('no Redis here')
  const { folder, user } = ownFolder('redis')
  const socket = `${folder}/socket`
  const settings = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '']
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always']
  return server(folder, [redis, ...settings, ...durable], user, socket, () => answers(socket))
}

async function server(
  folder: string,
  [program = '', ...args]: string[],
  user: User,
  address: string,
  isUp: () => Promise<boolean>
): Promise<Server> {
  let child: ChildProcess
  let gone: Promise<void>
  let wasKilled = false
  function spawnIt(): void {
    child = spawn(program, args, { ...user, cwd: folder, stdio: 'ignore' })
    endWithUs(child)
    gone = new Promise(resolve => child.once('exit', () => resolve()))
  }
  const it: Server = {
    address,
    async start() {
      spawnIt()
      while (!(await isUp())) {
        if (child.exitCode !== null) {
          if (!wasKilled) throw new Error(`${program} ended with ${child.exitCode}`)
          // PostgreSQL refuses to start until the last process of the one that was killed has noticed.
          spawnIt()
        }
        await wait(20)
      }
    },
    async kill() {
      wasKilled = true
      child.kill('SIGKILL')
      await gone
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async close() {
      child.kill('SIGCONT')
      child.kill('SIGINT')
      await gone
      removeFolder(folder)
    }
  }
  await it.start()
  return it
}

interface User {
  uid?: number
  gid?: number
}

/** A folder, and as whom to work in it: PostgreSQL refuses to be run by root. */
function ownFolder(name: string): { folder: string; user: User } {
  const folder = temporaryFolder(name)
  if (process.getuid?.() !== 0) return { folder, user: {} }
  const [uid, gid] = ['-u', '-g'].map(it => Number(execFileSync('id', [it, 'nobody'], { encoding: 'utf8' })))
  chownSync(folder, Number(uid), Number(gid))
  chmodSync(folder, 0o755)
  return { folder, user: { uid, gid } }
}

/** PostgreSQL listens before it lets anybody in. */
async function acceptsQueries(host: string): Promise<boolean> {
  const client = new Client({ host, user: 'app', database: 'postgres' })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

function answers(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return Promise.resolve(false)
  return new Promise(resolve => {
    const connection = createConnection(socket)
      .once('connect', () => {
        connection.destroy()
        resolve(true)
      })
      .once('error', () => resolve(false))
  })
}
