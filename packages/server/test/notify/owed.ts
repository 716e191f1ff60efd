import { randomUUID } from 'node:crypto'
import type { ClaimedDelivery } from '../../src/storage/records.ts'

/** So many deliveries as they are claimed. */
export function owed(
  clientId: string,
  number: number = 1,
  host: string = 'apps.example',
  kind: ClaimedDelivery['kind'] = 'back_channel'
): ClaimedDelivery[] {
  return Array.from({ length: number }, () => ({
    ...{ id: randomUUID(), kind, logoutId: 'a-logout', clientId, sid: randomUUID(), sub: 'u-ola' },
    ...{ address: `https://${host}/${clientId}`, attempts: 0, createdAt: 0, heardMaybe: false, alg: 'RS256' },
    ...{ cause: 'redirect', event: null, streamId: null, sealedWebhookSecret: null }
  }))
}
