import { describe, expect, onTestFinished, test } from 'vitest'
import { type Cause, type CauseName, type Effects, effects } from '../../src/logout/causes.ts'
import { matrix, type Row } from './matrix.ts'
import { eventsIn, matrixWorld, rowsFor } from './matrix-world.ts'
import { consents, now, type SessionName, sessions, soon, tokenNames, type World } from './world.ts'

test('the table of causes says what was decided, cell by cell', () => {
  const decided: [CauseName[], Effects['sessions'], Effects['tokens'], Effects['told'], 'dropped'?][] = [
    [['sdk', 'redirect', 'rp_initiated'], 'this', 'bound_and_presented_grant', 'session_rps'],
    [['end_session_api'], 'this', 'bound', 'session_rps'],
    [['api'], 'none', 'presented_grant', 'nobody'],
    [['revocation'], 'none', 'presented_token', 'nobody'],
    [['account_session'], 'this', 'bound', 'session_rps'],
    [['account_others', 'password_changed'], 'others_of_user', 'bound', 'session_rps'],
    [
      [
        'account_everywhere',
        'password_reset',
        'account_deleted',
        'account_disabled',
        'admin_user',
        'global_token_revocation'
      ],
      'all_of_user',
      'all_of_user',
      'clients_of_user'
    ],
    [['account_app'], 'none', 'client_of_user', 'client', 'dropped'],
    [['account_switch'], 'this', 'bound', 'session_rps'],
    [['admin_session'], 'this', 'bound', 'session_rps'],
    [['admin_client', 'client_disabled'], 'none', 'all_of_client', 'client'],
    [['admin_all'], 'every', 'every', 'every_rp'],
    [['code_replay', 'refresh_replay'], 'none', 'grant', 'nobody'],
    [['idle_timeout', 'absolute_timeout'], 'this_if_over', 'bound', 'session_rps']
  ]
  const table: Record<string, Effects> = {}
  for (const [names, endsSessions, revokes, told, consent] of decided)
    for (const name of names)
      table[name] = { sessions: endsSessions, tokens: revokes, told, ...(consent && { consent }) }
  // Three of them also change what the user or the client is.
  const leaves: Partial<Record<CauseName, Effects['leaves']>> = {
    account_disabled: 'user_disabled',
    account_deleted: 'user_deleted',
    client_disabled: 'client_disabled'
  }
  for (const [name, state] of Object.entries(leaves)) Object.assign(table[name] ?? {}, { leaves: state })
  // What was proven by a password that is gone, or before all other sessions were ended, comes to nothing.
  for (const name of ['account_others', 'password_changed'])
    Object.assign(table[name] ?? {}, { proofs: 'void' })
  expect(effects).toEqual(table)
})

test('each cause is in the matrix', () => {
  expect(new Set(matrix.map(([name]) => name))).toEqual(new Set(Object.keys(effects)))
})

/** Who asks, as every door says it. */
const by = { ip: '198.51.100.7', requestId: 'the-request' }

describe.each(matrix)('%s, %s', (name, _case, row) => {
  const at = row.reached ? soon : now
  const { asks, sessions: ended = [], told = [], events = [], marks: moved = [], counts } = row

  test('ends exactly what its row says, and once more nothing', async () => {
    const { world, first, cause } = await ending(name, row)
    const after = {
      sessions: Object.keys(sessions)
        .filter(uid => !ended.includes(uid as SessionName))
        .toSorted(),
      tokens: tokenNames.filter(token => !isEnded(token, row)),
      consents: consents.filter(consent => !row.consents?.includes(consent))
    }
    // At once, whatever has still to be written down.
    expect(await world.see()).toMatchObject(after)
    await world.settle()
    expect(await world.see()).toMatchObject(after)
    expect(await world.heart.end(cause)).toEqual({ state: 'already_ended', receiptId: first })
    await world.settle()
    expect(await world.see()).toMatchObject(after)
    expect(world.committed()).toBe(1)
  })

  test('tells exactly those, each once in each of its ways, and whoever watches', async () => {
    const { world, first, cause } = await ending(name, row)
    const owed = async () => (await world.storage.listDeliveries()).map(({ id: _id, ...rest }) => rest)
    const notices = async () => (await owed()).filter(it => it.kind !== 'security_event').toSorted(byKey)
    const expected = rowsFor(told, first, at).toSorted(byKey)
    expect(await notices()).toEqual(row.later ? [] : expected)
    await world.settle()
    expect(await notices()).toEqual(expected)
    expect(eventsIn(await world.storage.listDeliveries(first))).toEqual(events)
    await world.heart.end(cause)
    await world.settle()
    expect(await notices()).toEqual(expected)
    expect(eventsIn(await world.storage.listDeliveries())).toEqual(events)
  })

  test('leaves one receipt with what it counts and one audit row with who asked', async () => {
    const { world, first, cause } = await ending(name, row)
    const whom = { sub: asks.sub ?? null, clientId: asks.clientId ?? null }
    expect(await world.storage.findReceipt(first)).toMatchObject({ jobOpen: row.later ?? false })
    await world.settle()
    await world.heart.end(cause)
    const [sessionsEnded, grantsRevoked, tokensRevoked] = counts
    const receipt = { ...whom, id: first, cause: name, at, jobOpen: false }
    expect(await world.storage.findReceipt(first)).toMatchObject({
      ...receipt,
      sessionsEnded,
      grantsRevoked,
      tokensRevoked
    })
    expect(await world.storage.listAudit({ limit: 10 })).toEqual([
      {
        ...{ id: expect.any(Number), at, event: 'logout', logoutId: first },
        ...{ ...whom, ...by },
        detail: { cause: name, seen: 'by the door' }
      }
    ])
  })

  test('moves the marks and states of those alone whom it is about', async () => {
    const before = await matrixWorld(row.reached)
    const marks = await marksIn(before)
    await before.close()
    const { world } = await ending(name, row)
    const after = await marksIn(world)
    expect(Object.keys(after).filter(sub => after[sub] !== marks[sub])).toEqual(moved)
    expect(await statesIn(world)).toEqual(row.leaves === undefined ? [] : [row.leaves])
  })
})

async function ending(name: CauseName, row: Row): Promise<{ world: World; first: string; cause: Cause }> {
  const world = await matrixWorld(row.reached)
  onTestFinished(() => world.close())
  const { presenting, ...rest } = row.asks
  const presented = presenting === undefined ? {} : { presented: await world.presented(presenting) }
  const cause: Cause = { name, ...rest, ...presented, by, detail: { seen: 'by the door' } }
  const { state, receiptId } = await world.heart.end(cause)
  expect(state).toBe('ended')
  return { world, first: String(receiptId), cause }
}

async function marksIn({ storage }: World): Promise<Record<string, string | undefined>> {
  const markOf = async (sub: string) => (await storage.findUser(sub))?.mark
  return { kari: await markOf('kari'), ola: await markOf('ola') }
}

/** Users that are not active and clients that are not enabled. */
async function statesIn({ storage }: World): Promise<string[]> {
  const users = (await storage.listUsers(10)).filter(it => it.status !== 'active')
  const clients = (await storage.listClients()).filter(it => !it.enabled)
  return [...users.map(it => `${it.sub} ${it.status}`), ...clients.map(it => `${it.clientId} disabled`)]
}

function isEnded(token: string, row: Row): boolean {
  if (row.tokens?.includes(token)) return true
  return (row.grants ?? []).some(grant => token === `access ${grant}` || token === `refresh ${grant}`)
}

/** In an order that does not hang on what is random. */
function byKey(one: object, other: object): number {
  return JSON.stringify(one).localeCompare(JSON.stringify(other))
}
