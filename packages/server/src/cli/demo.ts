import { mkdirSync } from 'node:fs'
import type { Command } from 'commander'
import { createSystem, type System } from '../app.ts'
import { checkConfig } from '../config/load.ts'
import { UtgangError } from '../errors.ts'
import { stopOnSignal } from './serve.ts'

const issuer = 'http://id.localhost:4000'
const user = {
  sub: 'demo-user',
  email: 'demo@utgang.test',
  name: 'Demo Person',
  password: 'correct horse battery staple'
}

/** `utgang demo` (`npm start`): the server, two example sites and an example API in one process, on an embedded database. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('run the server with two example sites, to see a sign-on and all ways out')
    .option('--data <folder>', 'where the database is kept', '.utgang')
    .action(async ({ data }: { data: string }) => {
      const { demoClients, startExamples } = await examples()
      mkdirSync(data, { recursive: true })
      const config = checkConfig({
        issuer,
        listen: { host: '127.0.0.1', port: 4000 },
        storage: `sqlite:${data}/demo.db`,
        clients: demoClients,
        users: [user],
        allow_private_addresses: true,
        log_level: 'warn'
      })
      const system = await createSystem(config)
      const sites = await started(system, () => startExamples({ issuer }))
      stopOnSignal({
        log: system.log,
        close: async () => {
          await sites.close()
          await system.close()
        }
      })
      process.stdout.write(greeting(sites.addresses))
    })
}

/** The example sites, which no published package holds. */
async function examples(): Promise<typeof import('utgang-examples')> {
  try {
    return await import('utgang-examples')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes("'utgang-examples'")) throw error
    throw new UtgangError(
      'demo_not_installed',
      'the example sites of the demo are not installed here: they come with a clone of Utgang, where `npm start` runs them',
      { cause: error }
    )
  }
}

/** Starts all or nothing. */
async function started<T>(system: System, startExamples: () => Promise<T>): Promise<T> {
  try {
    await system.listen()
    return await startExamples()
  } catch (error) {
    await system.close()
    throw busyPort(error) ?? error
  }
}

/** The most common trouble with a demo, said so that it can be mended: another one is running already. */
function busyPort(error: unknown): UtgangError | undefined {
  const { code, port } = error as { code?: unknown; port?: unknown }
  if (code !== 'EADDRINUSE') return undefined
  return new UtgangError(
    'port_in_use',
    `port ${port} is in use, and the demo needs it. Perhaps another demo is running already: open ${issuer}.
  Otherwise stop the program that has the port (\`lsof -i :${port}\` names it) and start the demo again.`,
    { cause: error }
  )
}

function greeting(sites: readonly { name: string; address: string }[]): string {
  const width = Math.max(...sites.map(({ name }) => name.length), 6)
  const rows = [{ name: 'Utgang', address: issuer }, ...sites].map(
    ({ name, address }) => `  ${name.padEnd(width)}  ${address}`
  )
  return `
${rows.join('\n')}

  Sign in as ${user.email} with: ${user.password}
  Sign in on one site, open the other: you are signed in there too. Then sign out, and look again.

ready
`
}
