import { sidFor } from '../../src/sessions/sid.ts'
import type { Delivery } from '../../src/storage/records.ts'
import { makeWorld, now, type SessionName, sessions, soon, type World } from './world.ts'

/** Where each client hears; the ways of one that has several. */
const ways: Record<string, [kind: Delivery['kind'], address: string][]> = {
  told: [
    ['back_channel', 'https://told.example/bye'],
    ['webhook', 'https://told.example/hook']
  ],
  loose: [['back_channel', 'https://loose.example/bye']],
  guest: [['back_channel', 'https://guest.example/bye']],
  'login-api': [['back_channel', 'https://login-api.example/bye']]
}

/**
 * A world in which more can be seen: `told` hears in two ways, `guest` is an RP without any grant, and `watch` gets the
 * security events of everybody.
 */
export async function matrixWorld(reached?: 'idle' | 'absolute'): Promise<World> {
  const world = await makeWorld(':memory:', reached)
  const { storage } = world
  for (const clientId of ['told', 'guest', 'watch']) {
    const [backChannel, webhook] = ways[clientId] ?? []
    await storage.saveClient(
      {
        clientId,
        source: 'config',
        metadata: clientId === 'watch' ? { may_receive_events: 'all' } : {},
        backchannelLogoutUri: backChannel?.[1] ?? null,
        webhookUri: webhook?.[1] ?? null
      },
      now
    )
  }
  const desk = 'ola desk'
  await storage.joinSession({ sessionUid: desk, clientId: 'guest', sid: sidFor(desk, 'guest') }, now)
  const stream = { id: 's', clientId: 'watch', method: 'poll', hearsEnds: true } as const
  const rest = { endpointUrl: null, sealedHeader: null, eventsRequested: null, description: null }
  await storage.addStream({ ...stream, ...rest }, now)
  if (reached) world.moveTo(soon)
  return world
}

/** The delivery rows that those who are told are owed, each in full but for its id. */
export function rowsFor(told: readonly string[], logoutId: string, at: number): object[] {
  return told.flatMap(text => {
    const [clientId = '', key = ''] = [text.slice(0, text.indexOf(' ')), text.slice(text.indexOf(' ') + 1)]
    const [by, name = ''] = key.split(':')
    const session = by === 'sid' ? sessions[name as SessionName] : undefined
    return (ways[clientId] ?? []).map(([kind, address]) => ({
      kind,
      logoutId,
      clientId,
      sid: session ? sidFor(name, clientId) : null,
      sub: session ? session.sub : name,
      address,
      state: 'pending',
      attempts: 0,
      nextAt: at,
      createdAt: at
    }))
  })
}

/** The security events of one logout, as the matrix writes them. */
export function eventsIn(owed: readonly Delivery[]): string[] {
  return owed
    .filter(it => it.kind === 'security_event')
    .map(it => `${it.sid === null ? 'user' : 'session'} ${it.sub}`)
    .toSorted()
}
