import type { ClaimedDelivery } from '../storage/records.ts'
import { eventToken } from '../tokens/event-token.ts'
import { type Attempted, post } from './post.ts'
import type { Verdict } from './schedule.ts'
import type { SenderParts } from './sender-parts.ts'

/**
 * Pushes one event (RFC 8935 §2): the token alone, with the receiver's own `Authorization` where it gave one (SSF 1.0
 * §6.1.1).
 */
export async function pushSecurityEvent(delivery: ClaimedDelivery, parts: SenderParts): Promise<Attempted> {
  const { streamId } = delivery
  const stream = streamId === null ? undefined : await parts.streams.findStream(streamId)
  if (!stream) {
    const problem = 'the stream is gone'
    return { status: null, verdict: 'refused', heardMaybe: false, problem, milliseconds: 0 }
  }
  const { sealedHeader, endpointUrl } = stream
  // The row may still have the address from before a change, and that endpoint must not learn the new `Authorization`.
  if (endpointUrl === null) {
    const problem = 'the stream is polled now'
    return { status: null, verdict: 'failed', heardMaybe: false, problem, milliseconds: 0 }
  }
  const headers = {
    'content-type': 'application/secevent+jwt',
    accept: 'application/json',
    ...(sealedHeader === null ? {} : { authorization: parts.sealer.open(sealedHeader) })
  }
  const body = await eventToken(delivery, parts.issuer, parts.keys())
  return post(
    {
      address: endpointUrl,
      headers,
      body,
      readStatus,
      readProblem: ({ err, description }) => [err, description]
    },
    parts.out
  )
}

/** 202 is success (§2.2), 400 says that this receiver will not take this event (§2.3). Everything else may pass. */
function readStatus(status: number): Verdict {
  if (status >= 200 && status < 300) return 'heard'
  return status === 400 ? 'refused' : 'failed'
}
