/** One person signed in in one browser, with what the browser and the application then hold. */
export interface Login {
  /** Value of the session cookie. */
  cookie: string
  /** Value of the SDK's cookie, where the server has one. */
  handle: string
  accessToken: string
  /** Where the server needs one to log out. */
  idToken: string
}

/** How many of some logins are still alive. */
export interface Living {
  sessions: number
  tokens: number
}

/** What a server under test can be asked for by the process that measures it. */
export interface Subject {
  /** Signs people in, past HTTP, leaving exactly what a real login leaves. */
  signIn(count: number): Promise<Login[]>
  /** Counts what of these logins is alive, by the server's own judgement. */
  living(logins: Login[]): Promise<Living>
  close(): Promise<void>
}

/** A question over the wire between the two processes, and its answer. */
export type Question =
  | { ask: 'signIn'; count: number }
  | { ask: 'living'; logins: Login[] }
  | { ask: 'cpuSeconds' }
  | { ask: 'startProfile' }
  | { ask: 'saveProfile'; file: string }
  | { ask: 'close' }

/** What a server process says once, when it listens. */
export interface Listening {
  port: number
}

/** The answer to a question, or why there is none. */
export type Reply = { value: unknown } | { failure: string }
