import type { Command } from 'commander'
import { addSigningKeys, ensureSigningKeys } from '../tokens/signing-keys.ts'
import { configured, instant, printRows, withStorage } from './with-storage.ts'

/** `utgang keys list|rotate`. */
export function registerKeyCommands(program: Command): void {
  const keys = program.command('keys').description('signing keys')

  configured(keys.command('list'))
    .description('list the signing keys')
    .action((options: { config?: string }) =>
      withStorage(options, async ({ storage }) => {
        const rows = await storage.listKeys()
        printRows(
          rows.map(({ kid, alg, createdAt, signsFrom }) => ({
            kid,
            alg,
            made: instant(createdAt),
            signs_from: instant(signsFrom)
          })),
          'no keys'
        )
      })
    )

  configured(keys.command('rotate'))
    .description(
      'make new keys: published at once, signing after lifetimes.key_publish_seconds; old ones go on verifying'
    )
    .option('--now', 'sign with the new keys at once (when an old key may have leaked)')
    .action((options: { config?: string; now?: boolean }) =>
      withStorage(options, async ({ storage, sealer, clock, config }) => {
        // A server that never ran has no key that could sign until the new ones do.
        await ensureSigningKeys(storage, sealer, clock.now())
        const wait = options.now ? 0 : config.lifetimes.key_publish_seconds
        const kids = await addSigningKeys(storage, sealer, clock.now(), wait)
        await storage.writeAudit({ event: 'keys_rotated', detail: { kids } }, clock.now())
        process.stdout.write(`${kids.join(' ')}: published, signing from ${instant(clock.now() + wait)}\n`)
      })
    )
}
