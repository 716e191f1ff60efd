import { type Kind, openStore } from './open-store.ts'
import type { Answer, Call } from './other-process.ts'

// Another process of an application: opens a store, does as it is told, and tells what it hears.
const [kind, address] = process.argv.slice(2) as [Kind, string]
const { store, close } = await openStore[kind](address)
const send = (message: Answer): boolean | undefined => process.send?.(message)

store.onEnded(ended => send({ ended }))
process.on('message', async ({ id, method, args }: Call) => {
  try {
    const work = store[method] as (...args: unknown[]) => Promise<unknown>
    send({ id, value: await work(...args) })
  } catch (error) {
    send({ id, error: String(error) })
  }
})
process.once('disconnect', () => close())
send({ isOpen: true })
