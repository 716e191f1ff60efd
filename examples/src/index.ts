import type { FastifyInstance } from 'fastify'
import { exampleApi } from './api.ts'
import { addresses, demoClients } from './clients.ts'
import { market } from './market/market.ts'
import { marketPages } from './market/pages.ts'
import { news } from './news/news.ts'
import { newsPages } from './news/pages.ts'
import { outgoing } from './outgoing.ts'
import { openSite } from './site.ts'

export { demoClients }

/** The running examples. */
export interface Examples {
  /** What runs where. */
  addresses: readonly { name: string; address: string }[]
  close(): Promise<void>
}

/**
 * Starts the two sites and the API. The sign-in server may be started before or after.
 * @throws what `listen` throws (`EADDRINUSE` with its `port`); then nothing is left running
 */
export async function startExamples({ issuer }: { issuer: string }): Promise<Examples> {
  const calls = outgoing()
  const running: FastifyInstance[] = []
  const close = async (): Promise<void> => {
    await Promise.all(running.map(app => app.close()))
    await calls.close()
  }
  async function run(app: FastifyInstance, address: string): Promise<void> {
    running.push(app)
    await app.listen({ host: '127.0.0.1', port: Number(new URL(address).port) })
  }
  try {
    await run(exampleApi(issuer), addresses.api)
    await run(await openSite(news, newsPages, { issuer, outgoing: calls }), addresses.news)
    await run(await openSite(market, marketPages, { issuer, outgoing: calls }), addresses.market)
  } catch (error) {
    await close()
    throw error
  }
  return {
    addresses: [
      { name: news.name, address: addresses.news },
      { name: market.name, address: addresses.market },
      { name: 'Example API', address: addresses.api }
    ],
    close
  }
}
