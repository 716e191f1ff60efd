import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { registerAuditCommands } from './audit.ts'
import { registerClientCommands } from './clients.ts'
import { registerConfigCommands } from './config.ts'
import { registerDeliveryCommands } from './deliveries.ts'
import { registerDemo } from './demo.ts'
import { registerDoctor } from './doctor.ts'
import { registerKeyCommands } from './keys.ts'
import { registerServe } from './serve.ts'
import { registerSessionCommands } from './sessions.ts'
import { registerStorageCommands } from './storage.ts'
import { registerUserCommands } from './users.ts'

/** The whole command line, ready to parse. `docs/command-line.md` is made from it. */
export function commandLine(): Command {
  const program = new Command('utgang')
    .description('An identity server whose sign-out really signs people out, and can show it.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help for a command')
    .showHelpAfterError()
  for (const register of [
    registerDemo,
    registerServe,
    registerDoctor,
    registerConfigCommands,
    registerStorageCommands,
    registerUserCommands,
    registerClientCommands,
    registerSessionCommands,
    registerDeliveryCommands,
    registerKeyCommands,
    registerAuditCommands
  ]) {
    register(program)
  }
  return program
}

/**
 * Arguments with a session's name that begins with a dash, as one in 64 does, moved behind `--`: it is no option.
 * @param given without the names of the program
 */
export function argumentsOf(given: readonly string[]): string[] {
  const isName = (it: string): boolean => /^-[\w-]{42}$/.test(it)
  if (given.includes('--') || !given.some(isName)) return [...given]
  return [...given.filter(it => !isName(it)), '--', ...given.filter(isName)]
}

function ownVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
