import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { printConfig } from '../config/print.ts'
import { configured } from './with-storage.ts'

/** `utgang config print`: every value and where it came from. */
export function registerConfigCommands(program: Command): void {
  const config = program.command('config').description('the configuration')
  configured(config.command('print'))
    .description('show each value and where it came from; secrets are masked')
    .action((options: { config?: string }) => {
      process.stdout.write(printConfig(loadConfig({ file: options.config, env: process.env })))
    })
}
