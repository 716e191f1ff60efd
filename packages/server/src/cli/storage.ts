import type { Command } from 'commander'
import { configured, withStorage } from './with-storage.ts'

/** `utgang migrate` and `utgang backup`. */
export function registerStorageCommands(program: Command): void {
  configured(program.command('migrate'))
    .description('bring the database up to date; `serve` does so too')
    .action((options: { config?: string }) =>
      withStorage(
        options,
        async ({ config }) => void process.stdout.write(`${config.storage} is up to date\n`)
      )
    )
  configured(program.command('backup'))
    .description('copy the database, of a running server too, into one file')
    .argument('<file>', 'where to; an existing file is replaced')
    .action((file: string, options: { config?: string }) =>
      withStorage(options, async ({ storage }) => {
        await storage.backup(file)
        process.stdout.write(`copied to ${file}\n`)
      })
    )
}
