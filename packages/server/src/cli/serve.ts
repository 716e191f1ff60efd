import type { Command } from 'commander'
import { createSystem, type System } from '../app.ts'
import { loadConfig } from '../config/load.ts'
import { explained } from './refusals.ts'
import { configured } from './with-storage.ts'

/** `utgang serve`: the identity server. */
export function registerServe(program: Command): void {
  configured(program.command('serve'))
    .description('run the identity server; applies migrations first')
    .action(async (options: { config?: string }) => {
      const { config } = loadConfig({ file: options.config, env: process.env })
      const system = await explained(config, () => createSystem(config))
      stopOnSignal(system)
      const port = await explained(config, () => system.listen()).catch(async (error: unknown) => {
        await system.close()
        throw error
      })
      process.stdout.write(`utgang: ${config.issuer} on ${config.listen.host}:${port}\nready\n`)
    })
}

/** On SIGTERM or SIGINT: takes no more, finishes what was accepted, exits. A second signal exits at once. */
export function stopOnSignal(system: Pick<System, 'close' | 'log'>): void {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      system.close().then(
        () => process.exit(0),
        (error: unknown) => {
          system.log.error({ err: error }, 'the stop failed')
          process.exit(1)
        }
      )
    })
  }
}
