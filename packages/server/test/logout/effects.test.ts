import { expect, test } from 'vitest'
import { type Cause, type CauseName, type Effects, effects } from '../../src/logout/causes.ts'
import {
  consents,
  type GrantName,
  grants,
  makeWorld,
  type SessionName,
  sessions,
  soon,
  tokenNames,
  type World
} from './world.ts'

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

/** One call of the heart, what of the world it must end, and who must be told. */
interface Case {
  ends: Omit<Cause, 'name' | 'presented'> & { presenting?: string }
  sessions?: SessionName[]
  grants?: GrantName[]
  /** Single tokens that end besides. */
  tokens?: string[]
  consents?: (typeof consents)[number][]
  told?: string[]
  /** Told by a job that follows, since it may be many. */
  later?: true
  /** The limit that Ola's laptop has reached when it is called. */
  reached?: 'idle' | 'absolute'
}

const laptop: Case = {
  ends: { sub: 'ola', sessionUid: 'ola laptop' },
  sessions: ['ola laptop'],
  grants: ['ola told laptop'],
  tokens: ['code ola plain laptop'],
  told: ['loose sid:ola laptop', 'told sid:ola laptop']
}
const laptopWithToken: Case = {
  ...laptop,
  ends: { ...laptop.ends, clientId: 'plain', presenting: 'access ola plain laptop' },
  grants: ['ola told laptop', 'ola plain laptop']
}
const otherBrowsers: Case = {
  ends: { sub: 'ola', sessionUid: 'ola laptop' },
  sessions: ['ola phone', 'ola desk'],
  grants: ['ola told phone'],
  told: ['loose sid:ola desk', 'told sid:ola phone']
}
const allOfOla: Case = {
  ends: { sub: 'ola' },
  sessions: ['ola laptop', 'ola phone', 'ola desk'],
  grants: (Object.keys(grants) as GrantName[]).filter(name => grants[name].sub === 'ola'),
  tokens: ['code ola plain laptop'],
  told: [
    'login-api sub:ola',
    'loose sid:ola desk',
    'loose sid:ola laptop',
    'told sid:ola laptop',
    'told sid:ola phone'
  ],
  later: true
}
const allOfTold: Case = {
  ends: { clientId: 'told' },
  grants: (Object.keys(grants) as GrantName[]).filter(name => grants[name].client === 'told'),
  tokens: ['server told'],
  told: ['told sid:kari laptop', 'told sid:ola laptop', 'told sid:ola phone'],
  later: true
}
const replay: Case = {
  ends: { clientId: 'plain', grantId: 'ola plain laptop' },
  grants: ['ola plain laptop']
}

const cases: [CauseName, string, Case][] = [
  ['sdk', 'in one browser', laptop],
  ['sdk', 'with a token', laptopWithToken],
  ['redirect', 'in one browser', laptop],
  ['redirect', 'with a token', laptopWithToken],
  [
    'redirect',
    'without a session, with a token',
    { ...replay, ends: { presenting: 'access ola plain laptop' } }
  ],
  [
    'redirect',
    'with the token of a login API',
    {
      ...laptop,
      ends: { ...laptop.ends, presenting: 'access ola login-api' },
      grants: ['ola told laptop', 'ola login-api']
    }
  ],
  ['rp_initiated', 'in one browser', laptop],
  ['rp_initiated', 'with a token', laptopWithToken],
  ['end_session_api', 'one session', laptop],
  ['api', 'with a plain token', { ...replay, ends: { presenting: 'access ola plain laptop' } }],
  [
    'api',
    'with an offline token',
    {
      ends: { presenting: 'access ola told laptop offline' },
      grants: ['ola told laptop offline']
    }
  ],
  [
    'api',
    'with a token of a login API',
    { ends: { presenting: 'access ola login-api' }, grants: ['ola login-api'] }
  ],
  ['api', 'with a server token', { ends: { presenting: 'server one' }, tokens: ['server one'] }],
  [
    'revocation',
    'of an access token',
    {
      ends: { presenting: 'access ola plain laptop' },
      tokens: ['access ola plain laptop']
    }
  ],
  ['revocation', 'of a refresh token', { ...replay, ends: { presenting: 'refresh ola plain laptop' } }],
  ['revocation', 'of a server token', { ends: { presenting: 'server two' }, tokens: ['server two'] }],
  [
    'account_session',
    'one session',
    {
      ends: { sub: 'ola', sessionUid: 'ola desk' },
      sessions: ['ola desk'],
      told: ['loose sid:ola desk']
    }
  ],
  ['account_others', 'all but this', otherBrowsers],
  ['password_changed', 'all but this', otherBrowsers],
  ['account_everywhere', 'a whole user', allOfOla],
  ['password_reset', 'a whole user', allOfOla],
  ['account_deleted', 'a whole user', allOfOla],
  ['account_disabled', 'a whole user', allOfOla],
  ['admin_user', 'a whole user', allOfOla],
  ['global_token_revocation', 'a whole user', allOfOla],
  [
    'account_app',
    'an app with sessions',
    {
      ends: { sub: 'ola', clientId: 'told' },
      grants: ['ola told laptop', 'ola told laptop offline', 'ola told phone'],
      consents: ['ola told'],
      told: ['told sid:ola laptop', 'told sid:ola phone']
    }
  ],
  [
    'account_app',
    'an app without a session',
    {
      ends: { sub: 'ola', clientId: 'login-api' },
      grants: ['ola login-api'],
      told: ['login-api sub:ola']
    }
  ],
  [
    'account_app',
    'an app that has not asked to be told',
    {
      ends: { sub: 'ola', clientId: 'plain' },
      grants: ['ola plain laptop', 'ola plain desk'],
      tokens: ['code ola plain laptop'],
      consents: ['ola plain']
    }
  ],
  ['account_switch', 'this browser', laptop],
  ['admin_session', 'one session', laptop],
  ['admin_client', 'a client with sessions', allOfTold],
  ['client_disabled', 'a client with sessions', allOfTold],
  [
    'admin_client',
    'a client with grants only',
    {
      ends: { clientId: 'login-api' },
      grants: ['ola login-api', 'kari login-api'],
      told: ['login-api sub:kari', 'login-api sub:ola'],
      later: true
    }
  ],
  [
    'admin_client',
    'a client with server tokens only',
    {
      ends: { clientId: 'backend' },
      tokens: ['server one', 'server two'],
      later: true
    }
  ],
  [
    'admin_all',
    'everything',
    {
      ends: {},
      sessions: Object.keys(sessions) as SessionName[],
      grants: Object.keys(grants) as GrantName[],
      tokens: ['code ola plain laptop', 'server one', 'server two', 'server told'],
      told: [...(allOfOla.told ?? []), 'login-api sub:kari', 'told sid:kari laptop'].toSorted(),
      later: true
    }
  ],
  ['code_replay', 'one grant', replay],
  ['refresh_replay', 'one grant', replay],
  ['idle_timeout', 'one session', { ...laptop, reached: 'idle' }],
  ['absolute_timeout', 'one session', { ...laptop, reached: 'absolute' }]
]

test('each cause is tried', () => {
  expect(new Set(cases.map(([name]) => name))).toEqual(new Set(Object.keys(effects)))
})

test.each(cases)(
  '%s, %s: ends exactly what its row says, tells exactly those, once',
  async (name, _what, it) => {
    const world = await makeWorld(':memory:', it.reached)
    if (it.reached) world.moveTo(soon)
    const cause = await causeFor(world, name, it)
    const after = {
      sessions: Object.keys(sessions)
        .filter(uid => !it.sessions?.includes(uid as SessionName))
        .toSorted(),
      tokens: tokenNames.filter(token => !isEnded(token, it)),
      consents: consents.filter(consent => !it.consents?.includes(consent)),
      owed: it.told ?? []
    }

    const first = await world.heart.end(cause)
    expect(first).toEqual({ state: 'ended', receiptId: expect.any(String) })
    // At once everything is ended; what is owed to many is written down in the background.
    expect(await world.see()).toEqual({ ...after, owed: it.later ? [] : after.owed })
    const receipt = await world.storage.findReceipt(first.receiptId ?? '')
    expect(receipt?.jobOpen).toBe(it.later ?? false)

    await world.settle()
    expect(await world.see()).toEqual(after)
    const settled = await world.storage.findReceipt(first.receiptId ?? '')
    expect(settled).toMatchObject({ cause: name, jobOpen: false, sessionsEnded: it.sessions?.length ?? 0 })

    expect(await world.heart.end(cause)).toEqual({ state: 'already_ended', receiptId: first.receiptId })
    await world.settle()
    expect(await world.see()).toEqual(after)
    const audit = await world.storage.listAudit({ limit: 10 })
    expect(audit).toEqual([
      expect.objectContaining({ event: 'logout', logoutId: first.receiptId, detail: { cause: name } })
    ])
    expect(world.committed()).toBe(1)
    await world.close()
  }
)

async function causeFor(world: World, name: CauseName, { ends }: Case): Promise<Cause> {
  const { presenting, ...rest } = ends
  return { name, ...rest, ...(presenting && { presented: await world.presented(presenting) }) }
}

function isEnded(token: string, it: Case): boolean {
  if (it.tokens?.includes(token)) return true
  if (token === 'code ola plain laptop' && it.grants?.includes('ola plain laptop')) return true
  return (it.grants ?? []).some(grant => token === `access ${grant}` || token === `refresh ${grant}`)
}
