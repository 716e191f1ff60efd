#!/usr/bin/env node
import { argumentsOf, commandLine } from './cli/command-line.ts'
import { UtgangError } from './errors.ts'

try {
  await commandLine().parseAsync(argumentsOf(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  // What we refuse, we explain; a stack trace is for what we did not foresee.
  if (!(error instanceof UtgangError)) throw error
  process.stderr.write(`utgang: ${error.message}\n  code: ${error.code}\n`)
  // Whatever was opened by then must not keep the process.
  process.exit(1)
}
