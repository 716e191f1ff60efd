export { init } from './init.ts'
export { SdkError, type SdkErrorCode, type SdkErrorDetails } from './sdk-error.ts'
export type {
  Change,
  EventName,
  Events,
  InitOptions,
  LoggedOut,
  LoginOptions,
  LogoutBy,
  LogoutEvent,
  LogoutOptions,
  Session,
  Status,
  Tokens,
  Utgang,
  Visitor
} from './types.ts'
