import { Webhook } from 'standardwebhooks'
import { type CauseName, effects } from '../logout/causes.ts'
import { initiatorOf } from '../logout/initiators.ts'
import type { ClaimedDelivery } from '../storage/records.ts'
import { type Attempted, post } from './post.ts'
import type { Verdict } from './schedule.ts'
import type { SenderParts } from './sender-parts.ts'

/**
 * Posts one webhook (Standard Webhooks): the body and `webhook-id` are the same in each attempt, the time and the
 * signature are those of the attempt.
 */
export async function sendWebhook(
  delivery: ClaimedDelivery,
  { issuer, clock, sealer, out }: SenderParts
): Promise<Attempted> {
  const { id, address, sealedWebhookSecret } = delivery
  if (sealedWebhookSecret === null) {
    const problem = 'this client has no webhook_secret any more'
    return { status: null, verdict: 'refused', heardMaybe: false, problem, milliseconds: 0 }
  }
  const body = JSON.stringify(webhookBody(delivery, issuer))
  const at = clock.now()
  const signature = new Webhook(sealer.open(sealedWebhookSecret)).sign(id, new Date(at * 1000), body)
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': signature
  }
  return post({ address, headers, body, readStatus, readProblem: ({ error }) => [error] }, out)
}

/** What an application is told: of its own session and user alone. */
function webhookBody({ clientId, sub, sid, cause, createdAt }: ClaimedDelivery, issuer: string): object {
  const endsSessions = cause !== null && effects[cause as CauseName]?.sessions !== 'none'
  return {
    type: endsSessions && sid !== null ? 'session.ended' : 'tokens.revoked',
    timestamp: new Date(createdAt * 1000).toISOString(),
    data: {
      iss: issuer,
      client_id: clientId,
      ...(sub === null ? {} : { sub }),
      ...(sid === null ? {} : { sid }),
      initiated_by: initiatorOf(cause).entity
    }
  }
}

/** Any 2xx is success; 410 means that nobody is there any more; everything else may pass. */
function readStatus(status: number): Verdict {
  if (status >= 200 && status < 300) return 'heard'
  return status === 410 ? 'refused' : 'failed'
}
