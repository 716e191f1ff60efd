export {
  expressTokenGuard,
  fastifyTokenGuard,
  type HonoTokenEnv,
  honoTokenGuard,
  nodeTokenGuard,
  type Wants
} from './adapters.ts'
export type { EventPoll } from './event-poll.ts'
export type { HeardEnd } from './heard.ts'
export type { IntrospectionOptions, JwtOptions, TokenOptions } from './options.ts'
export { type EventOptions, type EventReceiver, receiveEvents } from './receive-events.ts'
export { type Checked, type HasAuthorization, requireToken, type TokenGuard } from './require-token.ts'
export type { AccessToken } from './verdict.ts'
