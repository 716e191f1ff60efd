import type { Command } from 'commander'
import { UtgangError } from '../errors.ts'
import type { Delivery } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import { configured, count, instant, printRows, type Workshop, withStorage } from './with-storage.ts'

/** `utgang deliveries list|show|retry|cancel`. */
export function registerDeliveryCommands(program: Command): void {
  const deliveries = program
    .command('deliveries')
    .description('which application was told of which logout, and which is owed it still')

  configured(deliveries.command('list'))
    .description('list deliveries, newest first; pending ones only unless --all')
    .option('--all', 'settled ones too')
    .option('--limit <number>', 'at most so many', count, 100)
    .action((options: { config?: string; all?: boolean; limit: number }) =>
      withStorage(options, async ({ storage }) => {
        const found = await storage.recentDeliveries(options.all ? 'all' : 'pending', options.limit)
        printRows(found.map(row), 'no deliveries')
      })
    )

  configured(deliveries.command('show'))
    .description('show one delivery and each attempt at it')
    .argument('<delivery>', 'as `deliveries list` names it')
    .action((id: string, options: { config?: string }) =>
      withStorage(options, async ({ storage }) => {
        const it = await found(storage, id)
        printRows([{ ...row(it), sid: it.sid ?? '-', sub: it.sub ?? '-' }], '')
        const attempts = await storage.listAttempts(id)
        process.stdout.write('\n')
        printRows(
          attempts.map(it => ({
            at: instant(it.at),
            status: it.status ?? '-',
            milliseconds: it.milliseconds,
            problem: it.problem
          })),
          'not attempted yet'
        )
      })
    )

  configured(deliveries.command('retry'))
    .description(
      'try one again now, also one that was given up or turned down; its three days do not start anew: one that is older is given up again if that fails'
    )
    .argument('<delivery>', 'as `deliveries list` names it')
    .action((id: string, options: { config?: string }) =>
      withStorage(options, async ({ storage, clock }) => {
        const delivery = await found(storage, id)
        const due = await storage.retryDelivery(id, clock.now())
        if (due) await writeDown('delivery_retried', delivery, { storage, clock })
        process.stdout.write(`${due ? dueNow(delivery) : notAgain(delivery)}\n`)
      })
    )

  configured(deliveries.command('cancel'))
    .description('give one up')
    .argument('<delivery>', 'as `deliveries list` names it')
    .action((id: string, options: { config?: string }) =>
      withStorage(options, async ({ storage, clock }) => {
        const delivery = await found(storage, id)
        const cancelled = await storage.cancelDelivery(id, clock.now())
        if (cancelled) await writeDown('delivery_cancelled', delivery, { storage, clock })
        process.stdout.write(cancelled ? 'given up\n' : 'was settled already\n')
      })
    )
}

/** What is fetched has no address. */
const dueNow = ({ address }: Delivery): string =>
  address === '' ? 'waits to be fetched' : 'due now: a running server sends it within a second'

const notAgain = ({ state }: Delivery): string =>
  state === 'delivered' ? 'was delivered already' : 'its stream was removed: there is nobody to tell'

async function found(storage: Storage, id: string): Promise<Delivery> {
  const delivery = await storage.findDelivery(id)
  if (!delivery) throw new UtgangError('not_found', `no delivery is named ${id}`)
  return delivery
}

/** What was done by hand, for the audit trail. */
function writeDown(
  event: string,
  { id, clientId, sub, logoutId }: Delivery,
  { storage, clock }: Pick<Workshop, 'storage' | 'clock'>
): Promise<void> {
  return storage.writeAudit({ event, clientId, sub, logoutId, detail: { delivery: id } }, clock.now())
}

const row = (it: Delivery): Record<string, string | number | null> => ({
  delivery: it.id,
  logout: it.logoutId,
  client: it.clientId,
  kind: it.kind,
  state: it.state,
  attempts: it.attempts,
  next: it.state === 'pending' ? instant(it.nextAt) : '-',
  address: it.address
})
