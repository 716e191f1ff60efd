import { createSystem } from '../../src/app.ts'
import { stopOnSignal } from '../../src/cli/serve.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Ended, EndUser, Ready } from './storm-messages.ts'

// A process of its own for the storm: the real server, which ends whole users for who started it, as an operator does.
const { config } = loadConfig({ file: process.argv[2], env: {} })
const system = await createSystem(config)
stopOnSignal(system)
// What a killed process left is done before anything is asked.
await system.jobs.settled()
const port = await system.listen()
process.on('message', async ({ endUser }: EndUser) => {
  const { receiptId } = await system.heart.end({ name: 'admin_user', sub: endUser })
  send({ endedUser: endUser, receiptId })
})
// Should the test be killed, nothing is left behind.
process.once('disconnect', () => process.exit())
send({ port })

function send(message: Ready | Ended): void {
  process.send?.(message)
}
