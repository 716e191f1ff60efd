import { z } from 'zod'
import { badNoticeAddress } from '../config/client-addresses.ts'
import type { Config } from '../config/schema.ts'
import { OAuthError } from '../errors.ts'
import type { Sealer } from '../storage/secrets.ts'
import type { Stream, StreamInput } from '../storage/stream-store.ts'
import { eventTypes } from '../tokens/security-event-token.ts'
import { deliveryMethods, minVerificationSeconds, ssfPaths } from './ssf-paths.ts'

/** Event types that this transmitter sends, besides what a stream says of itself. */
const supported: readonly string[] = [eventTypes.sessionRevoked]

const delivery = z.object({
  method: z.enum(deliveryMethods),
  endpoint_url: z.url().max(2000).nullish(),
  authorization_header: z
    .string()
    .regex(/^[\x21-\x7e][\x20-\x7e]{0,4000}$/, 'a header of ASCII characters')
    .nullish()
})

/** What a receiver says of its stream (SSF 1.0 §8.1.1); what it repeats of ours is compared, all else is ignored. */
export const streamForm = z.object({
  delivery: delivery.nullish(),
  events_requested: z.array(z.string().max(500)).max(100).nullish(),
  description: z.string().max(1000).nullish(),
  iss: z.unknown().optional(),
  aud: z.unknown().optional(),
  events_supported: z.unknown().optional(),
  events_delivered: z.unknown().optional(),
  min_verification_interval: z.unknown().optional()
})

type StreamForm = z.infer<typeof streamForm>

interface FormParts {
  config: Config
  sealer: Sealer
}

/**
 * The stream that a receiver asks for. Without `delivery` it is polled; without `events_requested` it gets all that there
 * is.
 * @throws OAuthError `invalid_request`
 */
export function streamFrom(
  form: StreamForm,
  { id, clientId }: Pick<StreamInput, 'id' | 'clientId'>,
  parts: FormParts
): StreamInput {
  const events = {
    eventsRequested: form.events_requested ?? null,
    hearsEnds: hearsEnds(form.events_requested)
  }
  const description = form.description ?? null
  return { id, clientId, ...deliveryFrom(form.delivery ?? undefined, parts), ...events, description }
}

/** A stream with only those things changed that a receiver names (SSF 1.0 §8.1.1.3). */
export function streamChangedBy(form: StreamForm, stream: Stream, parts: FormParts): StreamInput {
  const { delivery: asked, events_requested: events, description } = form
  return {
    ...stream,
    ...(asked === undefined ? {} : deliveryFrom(asked ?? undefined, parts)),
    ...(events === undefined ? {} : { eventsRequested: events, hearsEnds: hearsEnds(events) }),
    ...(description === undefined ? {} : { description })
  }
}

/**
 * What is ours to say must be as it is (SSF 1.0 §8.1.1.3, §8.1.1.4).
 * @throws OAuthError `invalid_request`
 */
export function checkRepeated(form: StreamForm, stream: Stream, config: Config): void {
  const { iss, aud, events_supported, events_delivered, min_verification_interval } = form
  const ours: Record<string, unknown> = describeStream(stream, config)
  const repeated = { iss, aud, events_supported, events_delivered, min_verification_interval }
  for (const [key, value] of Object.entries(repeated))
    if (value !== undefined && !isSame(value, ours[key]))
      throw new OAuthError('invalid_request', `${key} is decided by the transmitter`)
}

/** Of these forms ours are. What is nested deeper is none of them, and too deep for `JSON.stringify` at some point. */
const plain = z.union([z.string(), z.number(), z.array(z.string())])

const isSame = (given: unknown, ours: unknown): boolean =>
  plain.safeParse(given).success && JSON.stringify(given) === JSON.stringify(ours)

/** A stream as its receiver reads it. Its `authorization_header` is for its endpoint alone and never goes out again. */
export function describeStream(stream: StreamInput, { issuer }: Pick<Config, 'issuer'>) {
  const { id, clientId, method, endpointUrl, eventsRequested, description } = stream
  return {
    stream_id: id,
    iss: issuer,
    aud: clientId,
    delivery: {
      method: deliveryMethods[method],
      endpoint_url: method === 'push' ? endpointUrl : new URL(`${ssfPaths.poll}/${id}`, issuer).href
    },
    events_supported: supported,
    ...(eventsRequested === null ? {} : { events_requested: eventsRequested }),
    events_delivered: supported.filter(type => eventsRequested === null || eventsRequested.includes(type)),
    ...(description === null ? {} : { description }),
    min_verification_interval: minVerificationSeconds
  }
}

const hearsEnds = (requested: readonly string[] | null | undefined): boolean =>
  requested == null || requested.includes(eventTypes.sessionRevoked)

function deliveryFrom(
  asked: z.infer<typeof delivery> | undefined,
  { config, sealer }: FormParts
): Pick<StreamInput, 'method' | 'endpointUrl' | 'sealedHeader'> {
  // Where events are fetched is ours to say.
  if (asked === undefined || asked.method === deliveryMethods.poll)
    return { method: 'poll', endpointUrl: null, sealedHeader: null }
  const { endpoint_url, authorization_header } = asked
  if (endpoint_url == null)
    throw new OAuthError('invalid_request', 'delivery.endpoint_url is needed for push')
  const rule = badNoticeAddress(endpoint_url, config)
  if (rule !== undefined) throw new OAuthError('invalid_request', `delivery.endpoint_url ${rule}`)
  const sealedHeader = authorization_header == null ? null : sealer.seal(authorization_header)
  return { method: 'push', endpointUrl: endpoint_url, sealedHeader }
}
