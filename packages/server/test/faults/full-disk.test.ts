import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { newPlace } from '../cli/utgang.ts'
import { startSystem } from '../support/system.ts'
import {
  owedTo,
  type PreparedLogin,
  prepareLogin,
  readWritten,
  stateOf,
  untouched
} from './prepared-login.ts'

/** A disk of its own, small enough to be filled; `undefined` where one may not mount any (that takes root on Linux). */
const disk = smallDisk()

test.skipIf(disk === undefined)(
  'on a full disk a logout is refused in whole, what was answered stays, and with room again it works',
  async () => {
    if (disk === undefined) throw new Error('skipped')
    const at = await startSystem({ storage: `sqlite:${join(disk, 'full.db')}` })
    // All at once, so that they fill no more of the write-ahead log than they must.
    const prepared = Array.from({ length: 400 }, () => prepareLogin(at.storage, systemClock.now()))
    const logins = await Promise.all(prepared)
    const logOut = async ({ cookie }: PreparedLogin): Promise<number> => {
      const headers = { cookie: `__Host-utgang=${cookie}` }
      return (await at.ask('/logout?client_id=news', { headers })).status
    }
    const statuses = new Map<PreparedLogin, number>()
    const [first, ...others] = logins
    if (first) statuses.set(first, await logOut(first))
    const ballast = join(disk, 'ballast')
    fill(ballast)
    // Some may still find room in what the write-ahead log holds already.
    for (const login of others) statuses.set(login, await logOut(login))
    expect([...new Set(statuses.values())].toSorted()).toEqual([303, 503])
    expect(await pingUntilRefused(at.storage)).toMatchObject({ code: 'storage_unavailable' })
    expect((await at.ask('/readyz')).status).toBe(503)

    const written = await readWritten(at.storage)
    for (const [login, status] of statuses) {
      const state = await stateOf(at.storage, login, written, systemClock.now())
      expect(state).toEqual(status === 303 ? ended(login) : untouched)
    }

    rmSync(ballast)
    await at.storage.ping()
    for (const [login, status] of statuses) if (status === 503) expect(await logOut(login)).toBe(303)
    const after = await readWritten(at.storage)
    for (const login of logins) {
      expect(await stateOf(at.storage, login, after, systemClock.now())).toEqual(ended(login))
    }
  }
)

test.skipIf(disk === undefined)('a command on a full disk says that it is full', async () => {
  if (disk === undefined) throw new Error('skipped')
  const place = newPlace({ storage: `sqlite:${join(disk, 'command.db')}` })
  onTestFinished(() => place.remove())
  expect((await place.run('migrate')).code).toBe(0)
  const ballast = join(disk, 'ballast')
  fill(ballast)
  onTestFinished(() => rmSync(ballast))
  const { code, stderr } = await place.run('users', 'list')
  expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot be used: the disk is full\./)])
})

afterAll(() => {
  if (disk === undefined) return
  execFileSync('umount', ['--lazy', disk])
  rmSync(disk, { recursive: true, force: true })
})

const ended = (login: PreparedLogin) => ({
  ...untouched,
  signedIn: false,
  marketToken: false,
  deliveries: owedTo(login),
  receipts: 1
})

async function pingUntilRefused(storage: Storage): Promise<unknown> {
  for (let times = 0; times < 200; times++) {
    const failure = await storage.ping().catch((error: unknown) => error)
    if (failure !== undefined) return failure
  }
  return undefined
}

function fill(file: string): void {
  for (const size of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}

function smallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'utgang-test', folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
}
