import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { backupDatabase } from '../open-storage.ts'
import { explained } from './refusals.ts'
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
    .description(
      'copy the database, of a running server too, into one file; an older one is copied as it is. The key of a loopback server without `secret_keys` is not in it: it lies beside the database, in a file that ends with `.key`'
    )
    .argument('<file>', 'where to; an existing file is replaced')
    .action(async (file: string, options: { config?: string }) => {
      const { config } = loadConfig({ file: options.config, env: process.env })
      await explained(config, () => backupDatabase(config, file))
      process.stdout.write(`copied to ${file}\n`)
    })
}
