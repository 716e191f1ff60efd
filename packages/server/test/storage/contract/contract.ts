import { describe } from 'vitest'
import { clientContract } from './clients.ts'
import { deliveryContract } from './deliveries.ts'
import { endContract } from './end.ts'
import { expiryContract } from './expiry.ts'
import { frontChannelContract } from './front-channel.ts'
import { grantContract } from './grants.ts'
import { jobContract } from './jobs.ts'
import { livenessContract } from './liveness.ts'
import { peopleContract } from './people.ts'
import { receiptContract } from './receipts.ts'
import { recordContract } from './records.ts'
import { retentionContract } from './retention.ts'
import { rpContract } from './rps.ts'
import { sessionContract } from './sessions.ts'
import type { OpenStorage } from './stage.ts'
import { statusListContract } from './status-lists.ts'
import { streamContract } from './streams.ts'
import { tokenContract } from './tokens.ts'
import { underWayContract } from './under-way.ts'
import { upkeepContract } from './upkeep.ts'

/** What every storage must hold, method by method; the same tests for each implementation. */
export function storageContract(name: string, open: OpenStorage): void {
  describe(name, () => {
    describe('sessions', () => sessionContract(open))
    describe('grants', () => grantContract(open))
    describe('tokens', () => tokenContract(open))
    describe('status lists', () => statusListContract(open))
    describe('what is alive', () => livenessContract(open))
    describe('records', () => recordContract(open))
    describe('people', () => peopleContract(open))
    describe('clients', () => clientContract(open))
    describe('ending', () => endContract(open))
    describe('deliveries', () => deliveryContract(open))
    describe('streams of security events', () => streamContract(open))
    describe('receipts', () => receiptContract(open))
    describe('the front channel', () => frontChannelContract(open))
    describe('sessions whose time is up', () => expiryContract(open))
    describe('RPs of sessions', () => rpContract(open))
    describe('jobs', () => jobContract(open))
    describe('what is under way', () => underWayContract(open))
    describe('upkeep', () => upkeepContract(open))
    describe('retention', () => retentionContract(open))
  })
}
