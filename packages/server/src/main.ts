#!/usr/bin/env node
import { Command } from 'commander'
import { registerAuditCommands } from './cli/audit.ts'
import { registerClientCommands } from './cli/clients.ts'
import { registerConfigCommands } from './cli/config.ts'
import { registerDemo } from './cli/demo.ts'
import { registerKeyCommands } from './cli/keys.ts'
import { registerServe } from './cli/serve.ts'
import { registerSessionCommands } from './cli/sessions.ts'
import { registerStorageCommands } from './cli/storage.ts'
import { registerUserCommands } from './cli/users.ts'
import { UtgangError } from './errors.ts'

const program = new Command('utgang')
  .description('An identity server whose sign-out really signs people out, and can show it.')
  .version('0.1.0')
  .showHelpAfterError()

for (const register of [
  registerDemo,
  registerServe,
  registerConfigCommands,
  registerStorageCommands,
  registerUserCommands,
  registerClientCommands,
  registerSessionCommands,
  registerKeyCommands,
  registerAuditCommands
]) {
  register(program)
}

try {
  await program.parseAsync()
} catch (error) {
  // What we refuse, we explain; a stack trace is for what we did not foresee.
  if (!(error instanceof UtgangError)) throw error
  process.stderr.write(`utgang: ${error.message}\n  code: ${error.code}\n`)
  process.exitCode = 1
}
