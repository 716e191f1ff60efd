import type { Command } from 'commander'
import { UtgangError } from '../errors.ts'
import { configured, count, instant, printRows, withStorage } from './with-storage.ts'

/** `utgang sessions list|end`. */
export function registerSessionCommands(program: Command): void {
  const sessions = program.command('sessions').description('who is signed in, in which browser')

  configured(sessions.command('list'))
    .description('list live sessions, newest first')
    .option('--sub <sub>', 'of one user')
    .option('--all', 'ended and expired ones too')
    .option('--limit <number>', 'at most so many', count, 100)
    .action((options: { config?: string; sub?: string; all?: boolean; limit: number }) =>
      withStorage(options, async ({ storage, clock }) => {
        const found = await storage.listSessions(options, clock.now())
        const rows = found.map(async it => ({
          session: it.uid,
          sub: it.sub,
          since: instant(it.createdAt),
          active: instant(it.lastActiveAt),
          state: it.endedAt === null ? (it.live ? 'live' : 'expired') : 'ended',
          clients: (await storage.sessionClients(it.uid)).map(rp => rp.clientId).join(',')
        }))
        printRows(await Promise.all(rows), 'no sessions')
      })
    )

  configured(sessions.command('end'))
    .description('end one session')
    .argument('<session>', 'as `sessions list` names it')
    .action((uid: string, options: { config?: string }) =>
      withStorage(options, async ({ storage, heart, clock }) => {
        const session = await storage.findSessionRow(uid, clock.now())
        if (!session) throw new UtgangError('unknown_session', `no session is named ${uid}`)
        const { state, receiptId } = await heart.end({
          name: 'admin_session',
          sessionUid: uid,
          sub: session.sub,
          detail: { by: 'command_line' }
        })
        process.stdout.write(
          state === 'ended' ? `ended, receipt ${receiptId}\n` : `had ended already, receipt ${receiptId}\n`
        )
      })
    )
}
