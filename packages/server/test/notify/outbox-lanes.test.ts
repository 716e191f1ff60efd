import { expect, onTestFinished, test, vi } from 'vitest'
import { startOutbox } from '../../src/notify/outbox.ts'
import type { Attempted } from '../../src/notify/post.ts'
import type { ClaimedDelivery } from '../../src/storage/records.ts'
import type { DeliveryLimits, DeliveryStore } from '../../src/storage/storage.ts'
import { owed } from './owed.ts'

const heard: Attempted = { status: 200, verdict: 'heard', heardMaybe: false, problem: null, milliseconds: 1 }
const silence: Attempted = { ...heard, status: null, verdict: 'failed', heardMaybe: true }

/** A storage in which each claim holds for ever: whatever is claimed and neither sent nor given back never comes again. */
function storeOf(all: ClaimedDelivery[]) {
  const due = new Map(all.map(it => [it.id, it]))
  const recorded = new Map<string, string>()
  const writes: (() => void)[] = []
  /** As the group commit does: what arrives in one turn is done together, and then everybody hears. */
  function write<T>(work: () => T): Promise<T> {
    return new Promise(resolve => {
      writes.push(() => {
        const result = work()
        heardOf.push(() => resolve(result))
      })
      if (writes.length === 1)
        setImmediate(() => {
          for (const it of writes.splice(0)) it()
          for (const it of heardOf.splice(0)) it()
        })
    })
  }
  const heardOf: (() => void)[] = []
  function claim({ most, perClient, busy, slow, after = '' }: DeliveryLimits): ClaimedDelivery[] {
    const ways = Map.groupBy([...due.values()], it => `${it.clientId} ${it.kind}`)
    const names = [...ways.keys()].sort()
    const turns = [...names.filter(it => it > after), ...names.filter(it => it <= after)]
    let left = slow?.most ?? most
    const free = turns
      .filter(it => !busy.has(it))
      .flatMap(it => {
        const ofWay = ways.get(it) ?? []
        if (!slow || slow.allBut.has(it)) return ofWay.slice(0, perClient)
        const some = ofWay.slice(0, Math.max(0, Math.min(left, slow.perClient)))
        left -= some.length
        return some
      })
    const claimed = free.slice(0, most)
    for (const { id } of claimed) due.delete(id)
    return claimed
  }
  const storage = {
    claimDeliveries: (limits: DeliveryLimits) => write(() => claim(limits)),
    recordAttempt: ({ id, state }: { id: string; state: string }) =>
      write(() => void recorded.set(id, state)),
    returnDeliveries: (ids: string[]) =>
      write(() => {
        for (const it of all) if (ids.includes(it.id)) due.set(it.id, it)
      }),
    listUnattempted: async () => []
  }
  return { storage: storage as unknown as DeliveryStore, due, recorded }
}

function outboxOver(all: ClaimedDelivery[], send: (delivery: ClaimedDelivery) => Promise<Attempted>) {
  const { storage, due, recorded } = storeOf(all)
  const sent: ClaimedDelivery[] = []
  const failures: unknown[] = []
  const sender = (delivery: ClaimedDelivery): Promise<Attempted> => {
    sent.push(delivery)
    return send(delivery)
  }
  const outbox = startOutbox({
    storage,
    clock: { now: () => 1 },
    senders: {
      back_channel: sender,
      webhook: sender,
      security_event: sender,
      stream_notice: sender
    } as never,
    failed: error => void failures.push(error)
  })
  return { outbox, due, recorded, sent, failures }
}

test('many applications on one host that hangs keep nobody else waiting', async () => {
  const slow = Array.from({ length: 40 }, (_, i) => owed(`a-${i}`, 24)).flat()
  const others = owed('z', 60, 'quick.example')
  const { promise: hangs, resolve: answer } = Promise.withResolvers<Attempted>()
  const { outbox, sent } = outboxOver([...slow, ...others], ({ clientId }) =>
    clientId === 'z' ? Promise.resolve(heard) : hangs
  )
  const ofOthers = () => sent.filter(it => it.clientId === 'z').length
  await expect.poll(ofOthers).toBe(60)
  expect(sent).toHaveLength(68)
  answer(heard)
  await outbox.stop()
})

test('very many hosts that hang, each with much to be told, keep nobody waiting who was told at once before', async () => {
  const { promise: hangs, resolve: answer } = Promise.withResolvers<Attempted>()
  const { outbox, due, sent, recorded } = outboxOver(owed('z', 1, 'quick.example'), ({ clientId }) =>
    clientId === 'z' ? Promise.resolve(heard) : hangs
  )
  await expect.poll(() => recorded.size).toBe(1)
  for (let i = 0; i < 300; i++) for (const it of owed(`a-${i}`, 20, `a-${i}.example`)) due.set(it.id, it)
  outbox.wake()
  await expect.poll(() => sent.length).toBe(129)
  for (const it of owed('z', 60, 'quick.example')) due.set(it.id, it)
  outbox.wake()
  await expect.poll(() => sent.filter(it => it.clientId === 'z').length).toBe(61)
  expect(sent).toHaveLength(128 + 61)
  answer(heard)
  await outbox.stop()
})

test('applications that share a host each get their turn, more of them than may wait', async () => {
  const all = Array.from({ length: 40 }, (_, i) => owed(`a-${i}`, 24)).flat()
  const { outbox, sent, recorded } = outboxOver(all, async () => heard)
  onTestFinished(() => outbox.stop())
  await expect.poll(() => recorded.size, { timeout: 20_000 }).toBe(all.length)
  expect(new Set(sent.map(it => it.id)).size).toBe(sent.length)
  // Each was told something before anybody was told half.
  const half = sent.slice(0, sent.length / 2)
  expect(new Set(half.map(it => it.clientId)).size).toBe(40)
})

test('what a silent application gives back is sent as soon as it answers, not when the lease is over', async () => {
  const all = owed('ill', 30)
  let asked = 0
  const { outbox, recorded } = outboxOver(all, async () => (++asked <= 10 ? silence : heard))
  onTestFinished(() => outbox.stop())
  await expect.poll(() => [...recorded.values()].filter(it => it === 'delivered').length).toBe(20)
})

test.each([
  ['beside logouts few attempts begin at once, so that the next logout comes first', true],
  ['when nobody signs out, all begin that there is room for', false]
])('%s', async (_, besideLogouts) => {
  onTestFinished(() => void vi.useRealTimers())
  // Time stands still: the last logout is never long ago.
  vi.useFakeTimers({ toFake: ['performance'] })
  const all = Array.from({ length: 30 }, (_, i) => owed(`a-${i}`, 4, `a-${i}.example`)).flat()
  const perTurn: number[] = [0]
  const turning = setInterval(() => perTurn.push(0), 0)
  onTestFinished(() => clearInterval(turning))
  const { outbox, sent } = outboxOver(all, async () => {
    perTurn.push((perTurn.pop() ?? 0) + 1)
    return heard
  })
  onTestFinished(() => outbox.stop())
  if (besideLogouts) outbox.wake()
  await expect.poll(() => sent.length).toBe(all.length)
  if (besideLogouts) expect(Math.max(...perTurn)).toBeLessThanOrEqual(32)
  else expect(Math.max(...perTurn)).toBe(all.length)
})

test('a stop sends nothing more, gives back what waits, and writes down what is under way', async () => {
  const all = [...owed('a', 24), ...owed('b', 24, 'other.example')]
  const { promise: hangs, resolve: answer } = Promise.withResolvers<Attempted>()
  const { outbox, due, sent, recorded, failures } = outboxOver(all, () => hangs)
  await expect.poll(() => sent.length).toBe(16)
  const stopped = outbox.stop()
  outbox.wake()
  answer(heard)
  await stopped
  expect(sent).toHaveLength(16)
  expect([...recorded.values()]).toEqual(Array(16).fill('delivered'))
  expect(due.size).toBe(all.length - 16)
  expect(failures).toEqual([])
})
