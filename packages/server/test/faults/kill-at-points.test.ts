import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { sidFor } from '../../src/sessions/sid.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { receiver } from '../notify/receiver.ts'
import { clients, issuer, users } from '../support/fixtures.ts'
import { type KillPoint, killPoints } from './kill-points.ts'
import { prepareLogin } from './prepared-login.ts'

/** Longer than a claim holds, in seconds. */
const leaseIsOver = 31

/** How many of the Logout Tokens have come by the time that all is settled; of a logout that was not committed, none. */
const tokens: Record<KillPoint, number> = {
  'before the commit': 0,
  'between commit and answer': 1,
  'between claim and send': 1,
  'between send and record': 2
}

test.each(killPoints)(
  'a server that is killed %s: what it had committed is told by the next',
  {
    timeout: 60_000
  },
  async point => {
    const app = await receiver()
    const place = newPlace(app.address)
    const mortal = await start(place.configFile, point)
    const storage = openSqlite(place.database)
    onTestFinished(() => storage.close())
    const { uid, cookie } = await prepareLogin(storage, systemClock.now())
    const sid = sidFor(uid, 'market')
    const logOut = (port: number) =>
      fetch(`http://127.0.0.1:${port}/logout?client_id=market`, {
        headers: { cookie: `__Host-utgang=${cookie}` },
        redirect: 'manual'
      })
    const answer = logOut(mortal.port).then(
      ({ status }) => status,
      () => 'none'
    )
    expect((await once(mortal.child, 'exit'))[1]).toBe('SIGKILL')
    // Where the answer waits for first attempts, it dies with them.
    expect(await answer).toBe('none')

    const committed = point !== 'before the commit'
    expect(await storage.findSession(uid, systemClock.now())).toSatisfy(
      it => (it === undefined) === committed
    )
    expect(await storage.listDeliveries()).toMatchObject(
      committed ? [{ sid, state: 'pending', attempts: 0 }] : []
    )

    const next = await start(place.configFile, '', leaseIsOver)
    const settled = async () => (await storage.listDeliveries()).map(it => it.state)
    if (!committed) {
      expect(app.received).toEqual([])
      expect((await logOut(next.port)).status).toBe(303)
    }
    await expect.poll(settled, { timeout: 20_000 }).toEqual(['delivered'])
    expect(app.received.map(it => it.claims.sid)).toEqual(Array(committed ? tokens[point] : 1).fill(sid))
    expect(new Set(app.received.map(it => it.claims.jti)).size).toBe(app.received.length)
  }
)

/** A folder with a config of its own; `market` is told at this address. */
function newPlace(address: string): { configFile: string; database: string } {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const database = join(folder, 'utgang.db')
  const configFile = join(folder, 'utgang.json')
  const config = {
    issuer,
    listen: { host: '127.0.0.1', port: 0 },
    storage: `sqlite:${database}`,
    secret_keys: ['a key of thirty-two bytes or more, for tests'],
    clients: clients.map(it => ({
      ...it,
      backchannel_logout_uri: it.client_id === 'market' ? address : undefined
    })),
    users,
    allow_private_addresses: true,
    logout_wait_ms: 5000,
    log_level: 'error'
  }
  writeFileSync(configFile, JSON.stringify(config))
  return { configFile, database }
}

async function start(
  configFile: string,
  point: KillPoint | '',
  ahead = 0
): Promise<{ child: ChildProcess; port: number }> {
  const script = new URL('./mortal-server.ts', import.meta.url)
  const child = fork(script, [configFile, point, String(ahead)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const [{ port }] = await once(child, 'message')
  return { child, port }
}
