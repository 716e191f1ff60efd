import { createHmac } from 'node:crypto'
import { type BrowserStates, browserStates } from './browser-state.ts'

/** The cookie that holds a session's handle, or a mark that says "signed out": see {@link SdkNames}. */
export const sdkCookie = '__Host-utgang-sdk'

/** Names that are derived, so that nothing has to be kept to give them out again. */
export interface SdkNames {
  /**
   * The handle of a session: whoever has it can learn whether the session is live and can end it, nothing else. The
   * same for as long as the session lives, whatever becomes of its own cookie.
   */
  handleOf(sessionUid: string): string
  /** The user as one client alone knows them, in the form of a UUID (RFC 9562 §5.8): two clients cannot compare notes. */
  uuidOf(sub: string, clientId: string): string
  /**
   * Uid and cookie of the session that begins in a browser that has none. Of all tabs that share a state of
   * {@link BrowserStates.signedOut} they are the same, for ten minutes: a jar that was copied must not stay one browser.
   */
  firstSession(state: string, now: number): { uid: string; cookie: string }
  /** What the framed page knows a sign-in by. */
  states: BrowserStates
}

/** How long one state names one session, in seconds. */
const firstSeconds = 600

/** @param secret of this server, the same in every process; without it nobody works out a handle, not even from the database */
export function sdkNames(secret: string): SdkNames {
  const mac = (text: string): Buffer => createHmac('sha256', secret).update(text).digest()
  return {
    handleOf: sessionUid => mac(`handle ${sessionUid}`).toString('base64url'),
    uuidOf: (sub, clientId) => uuid(mac(`user ${JSON.stringify([sub, clientId])}`)),
    firstSession(state, now) {
      const name = (what: string): string =>
        mac(`first ${what} ${Math.floor(now / firstSeconds)} ${state}`).toString('base64url')
      return { uid: name('uid'), cookie: name('cookie') }
    },
    states: browserStates(secret)
  }
}

function uuid(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
