import { createSystem } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type KillPoint, killedAt } from './kill-points.ts'

// A process of its own: the real server, which is killed at the point that it was started with, if with any.
const [, , file, point = '', ahead = '0'] = process.argv
// Its clock runs ahead by so many seconds.
const now = Date.now
Date.now = () => now() + Number(ahead) * 1000

const { config } = loadConfig({ file, env: {} })
const system = await createSystem(config, {
  wrapStorage: storage => (point === '' ? storage : killedAt(point as KillPoint, storage))
})
// Should the test be killed, nothing is left behind.
process.once('disconnect', () => process.exit())
process.send?.({ port: await system.listen() })
