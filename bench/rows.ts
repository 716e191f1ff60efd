import { type Answer, header } from './answer.ts'
import { mostTold, type Told } from './applications.ts'
import type { SubjectName } from './child.ts'
import type { Job } from './load.ts'
import { basic, get, post } from './request.ts'
import { site } from './site.ts'
import type { Living, Login } from './subjects/protocol.ts'

/** One kind of job at one server. */
export interface Row {
  name: string
  subject: SubjectName
  /** Jobs in one round: about a second's worth. */
  jobs: number
  /** Logins prepared for a round; fewer than jobs are used in turn. */
  logins: number
  /** Applications at which each login is, and what they do when they are told. */
  told?: Told
  job(login: Login): Job
  /** What must still be alive of the prepared logins afterwards, for each of the two. */
  leaves: { [K in keyof Living]: 'all' | 'none' }
}

const untouched = { sessions: 'all', tokens: 'all' } as const
const allGone = { sessions: 'none', tokens: 'none' } as const
const tokensGone = { sessions: 'all', tokens: 'none' } as const

const authorization = basic(site.clientId, site.secret)
const clientId = `client_id=${site.clientId}`
const signedOut = encodeURIComponent(site.signedOut)
const hello = get('/')
const healthz = get('/healthz')

/** All that is measured, in the order of the table. */
export const rows: readonly Row[] = [
  {
    name: 'node:http hello',
    subject: 'hello',
    jobs: 30_000,
    logins: 0,
    leaves: untouched,
    job: () => oneStep(hello, answer => answer.status === 200 && answer.body === 'hello')
  },
  {
    name: 'no work (/healthz)',
    subject: 'utgang',
    jobs: 20_000,
    logins: 0,
    leaves: untouched,
    job: () => oneStep(healthz, answer => answer.status === 200 && answer.body === '{"status":"ok"}')
  },
  {
    name: 'session check',
    subject: 'utgang',
    jobs: 15_000,
    logins: 2_000,
    leaves: untouched,
    job: ({ handle }) =>
      oneStep(
        get(
          `/sdk/session?${clientId}`,
          'Sec-Fetch-Site: cross-site',
          `Origin: ${site.origin}`,
          `Cookie: __Host-utgang-sdk=${handle}`
        ),
        ({ status, body }) => status === 200 && body.startsWith('{"status":"connected","user_id":"person-')
      )
  },
  {
    name: 'redirect logout',
    subject: 'utgang',
    jobs: 5_000,
    logins: 5_000,
    leaves: allGone,
    job: redirectLogout
  },
  {
    name: 'end_session',
    subject: 'oidc-provider',
    jobs: 1_000,
    logins: 1_000,
    leaves: allGone,
    job: endSession
  },
  {
    name: 'API logout',
    subject: 'utgang',
    jobs: 5_000,
    logins: 5_000,
    leaves: tokensGone,
    job: ({ accessToken }) =>
      oneStep(
        post('/api/2/logout', '', `Authorization: Bearer ${accessToken}`),
        answer =>
          answer.status === 200 &&
          answer.body.includes('"data":"OK"') &&
          header(answer, 'utgang-receipt') !== undefined
      )
  },
  {
    name: 'revocation',
    subject: 'oidc-provider',
    jobs: 3_000,
    logins: 3_000,
    leaves: tokensGone,
    // The same empty 200 is given for any token at all: the count afterwards is the proof.
    job: ({ accessToken }) =>
      oneStep(
        post('/token/revocation', `token=${accessToken}&token_type_hint=access_token`, authorization),
        ({ status, body }) => status === 200 && body === ''
      )
  },
  {
    name: 'introspection',
    subject: 'utgang',
    jobs: 10_000,
    logins: 2_000,
    leaves: untouched,
    job: introspection('/oauth/introspect')
  },
  {
    name: 'introspection',
    subject: 'oidc-provider',
    jobs: 3_000,
    logins: 2_000,
    leaves: untouched,
    job: introspection('/token/introspection')
  },
  ...toldRows({ how: 'answers', number: 1 }, 2_000, 500),
  ...toldRows({ how: 'answers', number: mostTold }, 1_000, 250),
  ...toldRows({ how: 'hangs', number: 1 }, 250, 64),
  ...toldRows({ how: 'hangs', number: mostTold }, 250, 64)
]

/** The logout of logins at so many applications, at both servers. */
function toldRows(told: Told, ours: number, theirs: number): Row[] {
  const name = `logout, ${told.number} that ${told.number === 1 ? told.how : told.how.replace(/s$/, '')}`
  return [
    { name, subject: 'utgang', jobs: ours, logins: ours, told, leaves: allGone, job: redirectLogout },
    { name, subject: 'oidc-provider', jobs: theirs, logins: theirs, told, leaves: allGone, job: endSession }
  ]
}

function redirectLogout({ cookie }: Login): Job {
  const path = `/logout?${clientId}&redirect_uri=${signedOut}`
  return oneStep(
    get(path, 'Sec-Fetch-Site: same-site', `Cookie: __Host-utgang=${cookie}`),
    answer =>
      answer.status === 303 &&
      header(answer, 'location') === site.signedOut &&
      header(answer, 'utgang-receipt') !== undefined
  )
}

function oneStep(request: string, isRight: (answer: Answer) => boolean): Job {
  return {
    request,
    answered(answer) {
      if (!isRight(answer)) throw wrong(request, answer)
      return undefined
    }
  }
}

function introspection(path: string): Row['job'] {
  return ({ accessToken }) =>
    oneStep(
      post(path, `token=${accessToken}&token_type_hint=access_token`, authorization),
      ({ status, body }) =>
        status === 200 && body.includes('"active":true') && body.includes('"sub":"person-')
    )
}

/** RP-Initiated Logout 1.0 as oidc-provider has it: a page that asks, then the form that says yes. */
function endSession({ cookie, idToken }: Login): Job {
  const cookies = `Cookie: _session=${cookie}`
  const query = `id_token_hint=${idToken}&post_logout_redirect_uri=${signedOut}`
  const first = get(`/session/end?${query}`, cookies)
  let second: string | undefined
  return {
    request: first,
    answered(answer) {
      if (second === undefined) {
        const xsrf = /name="xsrf" value="([0-9a-f]+)"/.exec(answer.body)?.[1]
        if (answer.status !== 200 || xsrf === undefined) throw wrong(first, answer)
        second = post('/session/end/confirm', `xsrf=${xsrf}&logout=yes`, cookies)
        return second
      }
      if (answer.status !== 303 || header(answer, 'location') !== site.signedOut) throw wrong(second, answer)
      return undefined
    }
  }
}

function wrong(request: string, { head, body }: Answer): Error {
  return new Error(`a wrong answer\n--- to\n${request}\n--- was\n${head}\n${body}`)
}
