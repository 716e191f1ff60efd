import type { Cause, CauseName } from '../../src/logout/causes.ts'
import type { consents, GrantName, SessionName } from './world.ts'

/** One call of the heart and every effect that it must have, each written out. What is not named must be as it was. */
export interface Row {
  asks: Omit<Cause, 'name' | 'presented'> & { presenting?: string }
  /** The limit that Ola's laptop has reached by then. */
  reached?: 'idle' | 'absolute'
  /** OP sessions that end. */
  sessions?: SessionName[]
  /** Grants of which every token is dead. */
  grants?: GrantName[]
  /** Single tokens that are dead besides. */
  tokens?: string[]
  /** Consents that are taken back. */
  consents?: (typeof consents)[number][]
  /** Who is told, as `client sid:SESSION` or `client sub:SUB`, in each way in which that client hears. */
  told?: string[]
  /** Security events, to whoever watches everybody: of one session, or of all that a user had. */
  events?: ('session ola' | 'user ola' | 'user kari')[]
  /** What the receipt counts: sessions ended, grants and tokens revoked by themselves. */
  counts: [sessions: number, grants: number, tokens: number]
  /** Whose proofs count no more. */
  marks?: ('kari' | 'ola')[]
  /** What somebody or something is from then on. */
  leaves?: 'ola disabled' | 'ola deleted' | 'told disabled'
  /** Told by a job that follows, since it may be many. */
  later?: true
}

const laptop: Row = {
  asks: { sub: 'ola', sessionUid: 'ola laptop' },
  sessions: ['ola laptop'],
  grants: ['ola told laptop'],
  tokens: ['code ola plain laptop'],
  told: ['loose sid:ola laptop', 'told sid:ola laptop'],
  events: ['session ola'],
  counts: [1, 0, 0]
}
const laptopWithToken: Row = {
  ...laptop,
  asks: { sub: 'ola', sessionUid: 'ola laptop', clientId: 'plain', presenting: 'access ola plain laptop' },
  grants: ['ola told laptop', 'ola plain laptop'],
  counts: [1, 1, 0]
}
const otherBrowsers: Row = {
  asks: { sub: 'ola', sessionUid: 'ola laptop' },
  sessions: ['ola phone', 'ola desk'],
  grants: ['ola told phone'],
  told: ['guest sid:ola desk', 'loose sid:ola desk', 'told sid:ola phone'],
  events: ['session ola', 'session ola'],
  counts: [2, 0, 0],
  marks: ['ola']
}
const allOfOla: Row = {
  asks: { sub: 'ola' },
  sessions: ['ola laptop', 'ola phone', 'ola desk'],
  grants: [
    'ola plain laptop',
    'ola told laptop',
    'ola told laptop offline',
    'ola loose laptop',
    'ola told phone',
    'ola plain desk',
    'ola loose desk',
    'ola login-api'
  ],
  tokens: ['code ola plain laptop'],
  told: [
    'guest sid:ola desk',
    'login-api sub:ola',
    'loose sid:ola desk',
    'loose sid:ola laptop',
    'told sid:ola laptop',
    'told sid:ola phone'
  ],
  events: ['user ola'],
  counts: [3, 8, 0],
  marks: ['ola'],
  later: true
}
const allOfTold: Row = {
  asks: { clientId: 'told' },
  grants: ['ola told laptop', 'ola told laptop offline', 'ola told phone', 'kari told laptop'],
  tokens: ['server told'],
  told: ['told sid:kari laptop', 'told sid:ola laptop', 'told sid:ola phone'],
  counts: [0, 4, 0],
  later: true
}
const oneGrant: Omit<Row, 'asks'> = {
  grants: ['ola plain laptop'],
  tokens: ['code ola plain laptop'],
  counts: [0, 1, 0]
}
const replay: Row = { ...oneGrant, asks: { clientId: 'plain', grantId: 'ola plain laptop' } }

/** The matrix: each cause, in each case in which its effects differ. */
export const matrix: [CauseName, string, Row][] = [
  ['sdk', 'in one browser', laptop],
  ['sdk', 'with a token', laptopWithToken],
  ['redirect', 'in one browser', laptop],
  ['redirect', 'with a token', laptopWithToken],
  [
    'redirect',
    'without a session, with a token',
    { ...oneGrant, asks: { presenting: 'access ola plain laptop' } }
  ],
  [
    'redirect',
    'with the token of a login API',
    {
      ...laptop,
      asks: { ...laptop.asks, presenting: 'access ola login-api' },
      grants: ['ola told laptop', 'ola login-api'],
      counts: [1, 1, 0]
    }
  ],
  ['rp_initiated', 'in one browser', laptop],
  ['rp_initiated', 'with a token', laptopWithToken],
  ['end_session_api', 'one session', laptop],
  ['api', 'with a plain token', { ...oneGrant, asks: { presenting: 'access ola plain laptop' } }],
  [
    'api',
    'with an offline token',
    {
      asks: { presenting: 'access ola told laptop offline' },
      grants: ['ola told laptop offline'],
      counts: [0, 1, 0]
    }
  ],
  [
    'api',
    'with a token of a login API',
    { asks: { presenting: 'access ola login-api' }, grants: ['ola login-api'], counts: [0, 1, 0] }
  ],
  [
    'api',
    'with a server token',
    { asks: { presenting: 'server one' }, tokens: ['server one'], counts: [0, 0, 1] }
  ],
  [
    'revocation',
    'of an access token',
    {
      asks: { presenting: 'access ola plain laptop' },
      tokens: ['access ola plain laptop'],
      counts: [0, 0, 1]
    }
  ],
  ['revocation', 'of a refresh token', { ...oneGrant, asks: { presenting: 'refresh ola plain laptop' } }],
  [
    'revocation',
    'of a server token',
    { asks: { presenting: 'server two' }, tokens: ['server two'], counts: [0, 0, 1] }
  ],
  [
    'account_session',
    'one session',
    {
      asks: { sub: 'ola', sessionUid: 'ola desk' },
      sessions: ['ola desk'],
      told: ['guest sid:ola desk', 'loose sid:ola desk'],
      events: ['session ola'],
      counts: [1, 0, 0]
    }
  ],
  ['account_others', 'all but this', otherBrowsers],
  ['password_changed', 'all but this', otherBrowsers],
  ['account_everywhere', 'a whole user', allOfOla],
  ['password_reset', 'a whole user', allOfOla],
  ['account_deleted', 'a whole user', { ...allOfOla, leaves: 'ola deleted' }],
  ['account_disabled', 'a whole user', { ...allOfOla, leaves: 'ola disabled' }],
  ['admin_user', 'a whole user', allOfOla],
  ['global_token_revocation', 'a whole user', allOfOla],
  [
    'account_app',
    'an app with sessions',
    {
      asks: { sub: 'ola', clientId: 'told' },
      grants: ['ola told laptop', 'ola told laptop offline', 'ola told phone'],
      consents: ['ola told'],
      told: ['told sid:ola laptop', 'told sid:ola phone'],
      counts: [0, 3, 0]
    }
  ],
  [
    'account_app',
    'an app without a session',
    {
      asks: { sub: 'ola', clientId: 'login-api' },
      grants: ['ola login-api'],
      told: ['login-api sub:ola'],
      counts: [0, 1, 0]
    }
  ],
  [
    'account_app',
    'an app that has a session and no grant',
    { asks: { sub: 'ola', clientId: 'guest' }, told: ['guest sid:ola desk'], counts: [0, 0, 0] }
  ],
  [
    'account_app',
    'an app that has not asked to be told',
    {
      asks: { sub: 'ola', clientId: 'plain' },
      grants: ['ola plain laptop', 'ola plain desk'],
      tokens: ['code ola plain laptop'],
      consents: ['ola plain'],
      counts: [0, 2, 0]
    }
  ],
  ['account_switch', 'this browser', laptop],
  ['admin_session', 'one session', laptop],
  ['admin_client', 'a client with sessions', allOfTold],
  ['client_disabled', 'a client with sessions', { ...allOfTold, leaves: 'told disabled' }],
  [
    'admin_client',
    'a client with grants only',
    {
      asks: { clientId: 'login-api' },
      grants: ['ola login-api', 'kari login-api'],
      told: ['login-api sub:kari', 'login-api sub:ola'],
      counts: [0, 2, 0],
      later: true
    }
  ],
  [
    'admin_client',
    'a client with a session and no grant',
    { asks: { clientId: 'guest' }, told: ['guest sid:ola desk'], counts: [0, 0, 0], later: true }
  ],
  [
    'admin_client',
    'a client with server tokens only',
    { asks: { clientId: 'backend' }, tokens: ['server one', 'server two'], counts: [0, 0, 0], later: true }
  ],
  [
    'admin_all',
    'everything',
    {
      asks: {},
      sessions: ['ola laptop', 'ola phone', 'ola desk', 'kari laptop'],
      grants: [
        'ola plain laptop',
        'ola told laptop',
        'ola told laptop offline',
        'ola loose laptop',
        'ola told phone',
        'ola plain desk',
        'ola loose desk',
        'ola login-api',
        'kari plain laptop',
        'kari told laptop',
        'kari login-api'
      ],
      tokens: ['code ola plain laptop', 'server one', 'server two', 'server told'],
      told: [
        'guest sid:ola desk',
        'login-api sub:kari',
        'login-api sub:ola',
        'loose sid:ola desk',
        'loose sid:ola laptop',
        'told sid:kari laptop',
        'told sid:ola laptop',
        'told sid:ola phone'
      ],
      events: ['user kari', 'user ola'],
      counts: [4, 11, 0],
      marks: ['kari', 'ola'],
      later: true
    }
  ],
  ['code_replay', 'one grant', replay],
  ['refresh_replay', 'one grant', replay],
  ['idle_timeout', 'one session', { ...laptop, reached: 'idle' }],
  ['absolute_timeout', 'one session', { ...laptop, reached: 'absolute' }]
]
