export { init } from './init.ts'
export { SdkError, type SdkErrorCode } from './sdk-error.ts'
export type {
  EventName,
  Events,
  InitOptions,
  LoggedOut,
  LoginOptions,
  LogoutEvent,
  LogoutOptions,
  Session,
  SessionEvent,
  StateEvent,
  Status,
  Tokens,
  Utgang,
  Way
} from './types.ts'
