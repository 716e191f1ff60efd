import { emailKey } from '../storage/email-key.ts'
import type { Limits } from './limits.ts'
import { networkOf } from './network.ts'

type PasswordLimits = Pick<Limits, 'passwords' | 'hashes'>

/**
 * Takes an attempt with a password, or says how many seconds it has to wait: for wrong ones at this account from this
 * address, or for too many from this address at all. Until {@link wasRight} it counts as wrong.
 */
export async function waitToTry(
  { passwords, hashes }: PasswordLimits,
  login: string,
  ip: string | undefined
): Promise<number> {
  const address = String(ip)
  return (
    (await hashes.look(address)) ||
    (await passwords.attempt(attemptKey(login, ip))) ||
    (await hashes.take(address))
  )
}

/** Forgets the wrong attempts at an account from an address, now that a right one has come. */
export async function wasRight(
  { passwords, hashes }: PasswordLimits,
  login: string,
  ip: string | undefined
): Promise<void> {
  await hashes.giveBack(String(ip))
  await passwords.succeeded(attemptKey(login, ip))
}

/** The account, however its address is written, and where one comes from: the owner, elsewhere, notices nothing. */
const attemptKey = (login: string, ip: string | undefined): string =>
  `${emailKey(login)} ${networkOf(String(ip))}`
