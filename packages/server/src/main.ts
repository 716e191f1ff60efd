#!/usr/bin/env node
import { argumentsOf, commandLine } from './cli/command-line.ts'
import { UtgangError } from './errors.ts'

// Whoever reads has had enough, as `head` has: what was begun is finished, and nobody is told more.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

try {
  await commandLine().parseAsync(argumentsOf(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  // What we refuse, we explain; a stack trace is for what we did not foresee.
  if (!(error instanceof UtgangError)) throw error
  process.stderr.write(`utgang: ${error.message}\n  code: ${error.code}\n`)
  // Whatever was opened by then must not keep the process.
  process.exit(1)
}
