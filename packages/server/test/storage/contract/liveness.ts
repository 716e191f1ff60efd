import { expect, test } from 'vitest'
import { now, type OpenStorage, order, type Stage, sidOf, stage, tokenOf } from './stage.ts'

/** Everything that one sign-in gives, and what lives beside it. */
interface Everything {
  session: string
  bound: string
  unbound: string
  offline: string
  boundToken: string
  unboundToken: string
  offlineToken: string
  serverToken: string
  code: string
}

type Name = keyof Everything

interface Death {
  /** What happens, and when one looks. */
  happens: (at: Stage, it: Everything) => Promise<unknown>
  at?: number
  /** What is dead then; everything else must be alive. */
  dies: Name[]
}

const all: Name[] = [
  'session',
  'bound',
  'unbound',
  'offline',
  'boundToken',
  'unboundToken',
  'offlineToken',
  'serverToken',
  'code'
]
const ofSession: Name[] = ['session', 'bound', 'boundToken', 'code']
const ofUser = all.filter(name => name !== 'serverToken')
const ofClient = all.filter(name => name !== 'session')

const deaths: Record<string, Death> = {
  'nothing happens': { happens: async () => {}, dies: [] },
  'the session is ended': {
    happens: ({ storage }, it) => storage.end(order({ sessions: { uid: it.session } }), now),
    dies: ofSession
  },
  'the other sessions of the user end': {
    happens: ({ storage }, it) =>
      storage.end(order({ sub: 'ola', sessions: { ofUser: 'ola', except: it.session } }), now),
    dies: []
  },
  'all sessions of the user end': {
    happens: ({ storage }) =>
      storage.end(order({ sub: 'ola', sessions: { ofUser: 'ola', except: null } }), now),
    dies: ofSession
  },
  'the session is idle too long': {
    happens: async () => {},
    at: now + 3600,
    dies: ofSession
  },
  'the session reaches its absolute limit': {
    happens: ({ storage }, it) => storage.touchSession(it.session, now + 200_000, now),
    at: now + 5000,
    dies: ofSession
  },
  'everything of the user is ended': {
    happens: ({ storage }) => storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now),
    dies: ofUser
  },
  'everything of another user is ended': {
    happens: ({ storage }) => storage.end(order({ epoch: { user: 'kari' }, tell: 'job' }), now),
    dies: []
  },
  'the user is disabled': {
    happens: ({ storage }) =>
      storage.end(order({ sub: 'ola', userStatus: 'disabled', epoch: { user: 'ola' }, tell: 'job' }), now),
    dies: ofUser
  },
  'the user is deleted': {
    happens: ({ storage }) =>
      storage.end(order({ sub: 'ola', userStatus: 'deleted', epoch: { user: 'ola' }, tell: 'job' }), now),
    dies: ofUser
  },
  'everything of the client is ended': {
    happens: ({ storage }) => storage.end(order({ epoch: { client: 'news' }, tell: 'job' }), now),
    dies: ofClient
  },
  'everything of another client is ended': {
    happens: ({ storage }) => storage.end(order({ epoch: { client: 'market' }, tell: 'job' }), now),
    dies: []
  },
  'the client is disabled': {
    happens: ({ storage }) =>
      storage.end(
        order({ clientId: 'news', disableClient: true, epoch: { client: 'news' }, tell: 'job' }),
        now
      ),
    dies: ofClient
  },
  'the client is disabled and enabled again': {
    happens: async ({ storage, client }) => {
      const ending = order({
        clientId: 'news',
        disableClient: true,
        epoch: { client: 'news' },
        tell: 'job'
      })
      await storage.end(ending, now)
      await client('news')
    },
    dies: ofClient
  },
  'everything there is is ended': {
    happens: ({ storage }) => storage.end(order({ epoch: { system: true }, tell: 'job' }), now),
    dies: all
  },
  'the bound grant is revoked': {
    happens: ({ storage }, it) => storage.end(order({ grants: [it.bound], tell: 'nobody' }), now),
    dies: ['bound', 'boundToken', 'code']
  },
  'the unbound grant is revoked': {
    happens: ({ storage }, it) => storage.end(order({ grants: [it.unbound], tell: 'nobody' }), now),
    dies: ['unbound', 'unboundToken']
  },
  'one token is revoked': {
    happens: ({ storage }, it) => storage.end(order({ tokens: [it.boundToken], tell: 'nobody' }), now),
    dies: ['boundToken']
  },
  'the server token is revoked': {
    happens: ({ storage }, it) => storage.end(order({ tokens: [it.serverToken], tell: 'nobody' }), now),
    dies: ['serverToken']
  },
  'the client is put off the account': {
    happens: ({ storage }) =>
      storage.end(order({ grantsOf: { sub: 'ola', clientId: 'news' }, tell: 'nobody' }), now),
    dies: ofUser.filter(name => name !== 'session')
  },
  'the tokens expire': {
    happens: ({ storage }, it) => storage.touchSession(it.session, now + 9000, now),
    at: now + 7200,
    // The session of these tests reaches its absolute limit before.
    dies: [...ofSession, 'unboundToken', 'offlineToken', 'serverToken']
  }
}

/** Each way in which a session, a grant or a token dies, and what must live on. */
export function livenessContract(open: OpenStorage): void {
  test.each(Object.entries(deaths))('%s', async (_, { happens, at = now, dies }) => {
    const scene = await stage(open)
    const it = await everything(scene)
    await happens(scene, it)
    expect(await deadOnes(scene, it, at)).toEqual(dies.toSorted())
    // What the jobs write down afterwards changes nothing about it.
    await scene.finishJobs()
    expect(await deadOnes(scene, it, at)).toEqual(dies.toSorted())
  })

  test.each(['bound', 'unbound'] as const)('a %s grant whose session is swept away', async name => {
    const scene = await stage(open)
    const it = await everything(scene)
    await scene.storage.end(order({ sessions: { uid: it.session } }), now)
    // Swept as if everything were kept for a second: only what is over may go, and nothing may come back by that.
    await scene.storage.sweep(now + 100, 1)
    expect(await scene.storage.findSessionRow(it.session, now)).toBeUndefined()
    expect((await scene.storage.findGrant(it[name], now)) !== undefined).toBe(name === 'unbound')
    expect((await scene.storage.findToken(it[`${name}Token`], now)) !== undefined).toBe(name === 'unbound')
  })

  test('nothing is stored under what is dead', async () => {
    const scene = await stage(open)
    const it = await everything(scene)
    const { storage } = scene
    await storage.end(order({ sessions: { uid: it.session }, grants: [it.unbound] }), now)
    const late = { sessionUid: it.session, sid: sidOf(it.session, 'market'), clientId: 'news' }
    expect(await storage.saveToken(tokenOf(it.bound), now)).toBe('dead')
    expect(await storage.saveToken(tokenOf(it.unbound), now)).toBe('dead')
    expect(await storage.saveToken(tokenOf(it.offline, { ...late, kind: 'AuthorizationCode' }), now)).toBe(
      'dead'
    )
    expect(await storage.saveToken(tokenOf(it.offline), now)).toBe('saved')
    expect(await storage.saveGrant(it.bound, { late: true }, now + 9, now)).toBe('revoked')
    expect(await storage.isJoined(it.session, 'market')).toBe(false)
  })
}

async function everything({ user, client, session, grant, token }: Stage): Promise<Everything> {
  for (const sub of ['ola', 'kari']) await user(sub)
  for (const clientId of ['news', 'market']) await client(clientId)
  const uid = await session('ola', ['news'], { endsAt: now + 5000 })
  const bound = await grant('ola', 'news', { sessionUid: uid, bound: true })
  const unbound = await grant('ola', 'news', { sessionUid: uid, bound: false })
  const offline = await grant('ola', 'news')
  const sid = sidOf(uid, 'news')
  return {
    session: uid,
    bound,
    unbound,
    offline,
    boundToken: await token(bound),
    unboundToken: await token(unbound),
    offlineToken: await token(offline),
    serverToken: await token(null, { kind: 'ClientCredentials' }),
    code: await token(bound, { kind: 'AuthorizationCode', sessionUid: uid, sid, expiresAt: now + 90_000 })
  }
}

async function deadOnes({ storage }: Stage, it: Everything, at: number): Promise<Name[]> {
  const found: Record<Name, unknown> = {
    session: await storage.findSession(it.session, at),
    bound: await storage.findGrant(it.bound, at),
    unbound: await storage.findGrant(it.unbound, at),
    offline: await storage.findGrant(it.offline, at),
    boundToken: await storage.findToken(it.boundToken, at),
    unboundToken: await storage.findToken(it.unboundToken, at),
    offlineToken: await storage.findToken(it.offlineToken, at),
    serverToken: await storage.findToken(it.serverToken, at),
    code: await storage.findToken(it.code, at)
  }
  return all.filter(name => found[name] === undefined).toSorted()
}
