import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { Session } from '../storage/records.ts'
import type { SessionStore } from '../storage/storage.ts'

type Lifetimes = Config['lifetimes']

/** When a session ends at the latest, whatever happens in it. */
export function absoluteLimit(lifetimes: Lifetimes, remembered: boolean, loginAt: number): number {
  return loginAt + (remembered ? lifetimes.remembered_max_seconds : lifetimes.session_max_seconds)
}

/** When a session ends if nothing more happens in it, its absolute limit considered. */
export function idleLimit(
  lifetimes: Lifetimes,
  { remembered, endsAt }: Pick<Session, 'remembered' | 'endsAt'>,
  now: number
): number {
  const idleSeconds = remembered ? lifetimes.remembered_idle_seconds : lifetimes.session_idle_seconds
  return Math.min(now + idleSeconds, endsAt)
}

/** A page of ours was opened in a session: that is activity, and moves its idle limit. */
export async function moveIdleLimit(
  { storage, clock, config }: { storage: SessionStore; clock: Clock; config: Config },
  session: Session
): Promise<void> {
  const until = idleLimit(config.lifetimes, session, clock.now())
  if (until > session.expiresAt) await storage.touchSession(session.uid, until, clock.now())
}
