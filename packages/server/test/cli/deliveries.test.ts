import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { application, now, order, person, sessionOf } from '../storage/contract/stage.ts'
import { newPlace, type Place } from './utgang.ts'

let place: Place & { remove(): void }
let id = ''
beforeAll(async () => {
  place = newPlace()
  const storage = openSqlite(join(place.folder, 'utgang.db'))
  await storage.addUser(person('ola'), now)
  await storage.saveClient(application('market', 'told'), now)
  const session = sessionOf('ola')
  await storage.saveSession(session, now)
  await storage.joinSession({ sessionUid: session.uid, clientId: 'market', sid: 'a-sid' }, now)
  const ending = order({ sub: 'ola', sessions: { uid: session.uid } })
  await storage.end(ending, now)
  id = (await storage.listDeliveries(ending.logoutId))[0]?.id ?? ''
  const attempt = { id, status: 503, problem: 'a problem', milliseconds: 12, heardMaybe: true }
  await storage.recordAttempt({ ...attempt, state: 'pending', nextAt: now + 60 }, now)
  await storage.close()
})
afterAll(() => place.remove())

async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run('deliveries', ...args)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

test('BCL-27: list names what is owed; show tells of which session and user, and each attempt at it', async () => {
  expect(await printed('list')).toMatch(
    new RegExp(`^${id} .* market +back_channel +pending +1 +20\\d\\d-.*https://market`, 'm')
  )
  const shown = await printed('show', id)
  expect(shown).toMatch(new RegExp(`^${id} .* a-sid +ola$`, 'm'))
  expect(shown).toMatch(/2027-.* +503 +12 +a problem/)
})

test('cancel gives it up, once; then only --all lists it; retry makes it due again', async () => {
  expect(await printed('cancel', id)).toBe('given up\n')
  expect(await printed('cancel', id)).toBe('was settled already\n')
  expect(await printed('list')).toBe('no deliveries\n')
  expect(await printed('list', '--all')).toContain('gave_up')
  expect(await printed('retry', id)).toBe('due now: a running server sends it within a second\n')
  expect(await printed('list')).toContain(id)
  const { stdout } = await place.run('audit')
  for (const event of ['delivery_retried', 'delivery_cancelled'])
    expect(stdout).toMatch(new RegExp(`${event} .*${id}`))
})

test('an event that is fetched waits again; one of a removed stream has nobody to tell, and stays settled', async () => {
  const storage = openSqlite(join(place.folder, 'utgang.db'))
  const stream = {
    id: 'a-stream',
    clientId: 'market',
    method: 'poll',
    endpointUrl: null,
    sealedHeader: null
  } as const
  await storage.addStream({ ...stream, eventsRequested: null, hearsEnds: true, description: null }, now)
  await storage.queueVerification('a-stream', undefined, 0, now)
  const [event] = (await storage.waitingEvents('a-stream', 1)).events
  const name = event?.id ?? ''
  await storage.cancelDelivery(name, now)
  expect(await printed('retry', name)).toBe('waits to be fetched\n')
  await storage.dropStream('a-stream')
  expect(await printed('retry', name)).toBe('its stream was removed: there is nobody to tell\n')
  expect((await storage.findDelivery(name))?.state).toBe('gave_up')
  await storage.close()
})

test.each(['show', 'retry', 'cancel'])('%s of one that is not there says so', async command => {
  const { code, stderr } = await place.run('deliveries', command, 'no-such-delivery')
  expect(code).toBe(1)
  expect(stderr).toContain('no delivery is named no-such-delivery')
})
