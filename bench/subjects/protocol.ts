import type { Told } from '../applications.ts'

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

/** What the worker did. */
export interface Delivered {
  perSecond: number
  /** Processor time for one delivery, all threads together, in microseconds. */
  cpuMicros: number
  /** That for one Logout Token alone. */
  signMicros: number
}

/** What a server under test can be asked for by the process that measures it. */
export interface Subject {
  /** Signs people in, past HTTP, leaving exactly what a real login leaves; each also at the applications that are told. */
  signIn(count: number, told?: Told): Promise<Login[]>
  /** Counts what of these logins is alive, by the server's own judgement. */
  living(logins: Login[]): Promise<Living>
  /** Posts that applications have got so far. */
  heard?(): Promise<number>
  /** Lets the worker deliver what so many logouts owe, and nothing else. */
  deliver?(alg: string, logouts: number): Promise<Delivered>
  close(): Promise<void>
}

/** A question over the wire between the two processes, and its answer. */
export type Question =
  | { ask: 'signIn'; count: number; told?: Told }
  | { ask: 'living'; logins: Login[] }
  | { ask: 'heard' }
  | { ask: 'deliver'; alg: string; logouts: number }
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
