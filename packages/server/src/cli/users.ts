import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { longestPassword, shortestPassword } from '../config/schema.ts'
import { UtgangError } from '../errors.ts'
import type { CauseName } from '../logout/causes.ts'
import type { User } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import { hashPassword } from '../users/passwords.ts'
import { newSub } from '../users/users.ts'
import { configured, count, instant, printRows, withStorage } from './with-storage.ts'

/** `utgang users add|list|disable|delete`. */
export function registerUserCommands(program: Command): void {
  const users = program.command('users').description('people who sign in')

  configured(users.command('add'))
    .description('add a user; the password is read from standard input')
    .requiredOption('--email <address>', 'what they sign in with')
    .requiredOption('--name <name>', 'what people read')
    .option('--sub <sub>', 'default: a new one')
    .action((options: { config?: string; email: string; name: string; sub?: string }) =>
      withStorage(options, async ({ storage, clock }) => {
        const { email, name, sub = newSub() } = options
        if (!z.email().safeParse(email).success)
          throw new UtgangError('invalid_request', `--email: ${email} is not an address`)
        const password = await readPassword()
        if (password.length < shortestPassword || password.length > longestPassword)
          throw new UtgangError(
            'invalid_request',
            `the password needs at least ${shortestPassword} characters and at most ${longestPassword}`
          )
        await storage.addUser(
          { sub, email, name, passwordHash: await hashPassword(password), claims: {} },
          clock.now()
        )
        await storage.writeAudit({ event: 'user_added', sub, detail: { by: 'command_line' } }, clock.now())
        process.stdout.write(`${sub}\n`)
      })
    )

  configured(users.command('list'))
    .description('list users')
    .option('--limit <number>', 'at most so many', count, 1000)
    .action((options: { config?: string; limit: number }) =>
      withStorage(options, async ({ storage }) => {
        const found = await storage.listUsers(options.limit)
        printRows(
          found.map(({ sub, email, name, status, createdAt }) => ({
            sub,
            email,
            name,
            status,
            since: instant(createdAt)
          })),
          'no users'
        )
      })
    )

  end(users, 'disable', 'account_disabled', 'end everything of a user and let nobody sign in as them')
  end(users, 'delete', 'account_deleted', 'the same, for good')
}

function end(users: Command, name: string, cause: CauseName, description: string): void {
  configured(users.command(name))
    .description(description)
    .argument('<user>', 'sub or address')
    .action((who: string, options: { config?: string }) =>
      withStorage(options, async ({ storage, heart, jobs }) => {
        const user = await findUser(storage, who)
        const { state, receiptId } = await heart.end({
          name: cause,
          sub: user.sub,
          detail: { by: 'command_line' }
        })
        await jobs.settled()
        process.stdout.write(
          state === 'ended'
            ? `${user.sub}: everything has ended, receipt ${receiptId}\n`
            : `${user.sub}: was so already\n`
        )
      })
    )
}

async function findUser(storage: Storage, who: string): Promise<User> {
  const user = (await storage.findUser(who)) ?? (await storage.findUserByEmail(who))
  if (!user) throw new UtgangError('unknown_user', `no user has the sub or address ${who}`)
  return user
}

/** One line of standard input. */
async function readPassword(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  if (process.stdin.isTTY) process.stderr.write('password: ')
  for await (const line of lines) {
    lines.close()
    return line
  }
  return ''
}
