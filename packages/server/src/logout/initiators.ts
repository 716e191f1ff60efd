import type { CauseName } from './causes.ts'

/** Who is behind a logout: a class that others may be told, and the words for whoever runs a receiver. */
export interface Initiator {
  /** As CAEP 1.0 §2 has it: the person, an administrator, a rule of this server, or the system by itself. */
  entity: 'user' | 'admin' | 'policy' | 'system'
  /** In English; names nobody. */
  reason: string
}

const user = (reason: string): Initiator => ({ entity: 'user', reason })
const admin = (reason: string): Initiator => ({ entity: 'admin', reason })
const policy = (reason: string): Initiator => ({ entity: 'policy', reason })

/** Who is behind each cause. */
const initiators: Readonly<Record<CauseName, Initiator>> = {
  sdk: user('The user signed out'),
  redirect: user('The user signed out'),
  rp_initiated: user('The user signed out'),
  end_session_api: { entity: 'system', reason: 'An application ended the session from its server' },
  api: { entity: 'system', reason: 'An application revoked its tokens' },
  revocation: { entity: 'system', reason: 'An application revoked its tokens' },
  account_session: user('The user ended the session from another one'),
  account_others: user('The user ended all other sessions'),
  password_changed: user('The password was changed'),
  account_everywhere: user('The user signed out everywhere'),
  password_reset: user('The password was reset'),
  account_deleted: user('The account was deleted'),
  account_disabled: admin('The account was disabled'),
  admin_user: admin('An administrator signed the user out everywhere'),
  global_token_revocation: admin('A trusted party revoked everything of the user'),
  account_app: user('The user removed the access of an application'),
  account_switch: user('Another user signed in in the same browser'),
  admin_session: admin('An administrator ended the session'),
  admin_client: admin('An administrator revoked everything of an application'),
  client_disabled: admin('An application was disabled'),
  admin_all: admin('An administrator signed everybody out'),
  code_replay: policy('An authorization code was used twice'),
  refresh_replay: policy('A refresh token was used twice'),
  idle_timeout: policy('The session was not used for too long'),
  absolute_timeout: policy('The session reached its longest life')
}

/** Who is behind the cause of a logout that is on record. */
export function initiatorOf(cause: string | null): Initiator {
  const unknown: Initiator = { entity: 'system', reason: 'The session ended' }
  return initiators[cause as CauseName] ?? unknown
}
