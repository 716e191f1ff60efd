import type { Command } from 'commander'
import { configured, count, instant, printRows, withStorage } from './with-storage.ts'

/** `utgang audit`: who did what, when, from where. */
export function registerAuditCommands(program: Command): void {
  configured(program.command('audit'))
    .description('show the audit trail, newest first')
    .option('--sub <sub>', 'of one user')
    .option('--event <name>', 'of one kind, such as logout or sign_in_failed')
    .option('--limit <number>', 'at most so many', count, 50)
    .option('--json', 'one JSON object a line')
    .action((options: { config?: string; sub?: string; event?: string; limit: number; json?: boolean }) =>
      withStorage(options, async ({ storage }) => {
        const entries = await storage.listAudit(options)
        if (options.json) {
          for (const entry of entries) process.stdout.write(`${JSON.stringify(entry)}\n`)
          return
        }
        printRows(
          entries.map(it => ({
            at: instant(it.at),
            event: it.event,
            sub: it.sub,
            client: it.clientId,
            receipt: it.logoutId,
            ip: it.ip,
            detail: it.detail ? JSON.stringify(it.detail) : ''
          })),
          'nothing yet'
        )
      })
    )
}
