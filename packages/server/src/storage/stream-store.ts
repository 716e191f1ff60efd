import type { ClaimedDelivery } from './records.ts'

/** Whether a stream speaks (`enabled`), keeps what it would say (`paused`), or lets it go (`disabled`). */
export type StreamStatus = 'enabled' | 'paused' | 'disabled'

/** What a receiver decides about its stream. */
export interface StreamInput {
  id: string
  clientId: string
  method: 'push' | 'poll'
  /** Where events are pushed to. */
  endpointUrl: string | null
  /** What each push carries as its `Authorization`, sealed. */
  sealedHeader: string | null
  /** Event types as asked for; `null` where nothing was said. */
  eventsRequested: string[] | null
  /** Whether the ends of sessions are among them. */
  hearsEnds: boolean
  description: string | null
}

/** A stream of security events: one for each receiver. */
export interface Stream extends StreamInput {
  status: StreamStatus
  reason: string | null
}

/** What a stream says of itself. */
export type StreamEvent =
  | { type: 'verification'; state?: string }
  | { type: 'stream-updated'; status: StreamStatus; reason?: string }

/** One event that a stream owes. Its `id` is that of the token that tells it, in every attempt. */
export type OwedEvent = Pick<
  ClaimedDelivery,
  'id' | 'logoutId' | 'clientId' | 'streamId' | 'sub' | 'sid' | 'createdAt' | 'cause' | 'event'
>

/** Streams of security events. What they owe is queued by whatever ends, in the same transaction, as deliveries. */
export interface StreamStore {
  /** Makes an enabled stream; `exists` when the client has one. */
  addStream(stream: StreamInput, now: number): Promise<'added' | 'exists'>
  /** Replaces what the receiver decides; what is owed goes the new way. `false` when the stream is gone. */
  saveStream(stream: StreamInput): Promise<boolean>
  findStream(id: string): Promise<Stream | undefined>
  streamOf(clientId: string): Promise<Stream | undefined>
  /** Removes a stream with all that it owes. `false` when it is gone. */
  dropStream(id: string): Promise<boolean>
  /**
   * Moves a stream to a status. Disabling lets go of all that it owes. With `tell` the receiver hears of it by an event,
   * also from a stream that says nothing else any more (SSF 1.0 §8.1.5).
   */
  setStreamStatus(
    id: string,
    to: { status: StreamStatus; reason: string | null; tell: boolean },
    now: number
  ): Promise<void>
  /**
   * Leaves a user out of a stream from now on, or takes one back; once more is no error. Nothing changes for `undefined`, a
   * user whom nobody knows. It takes a commit all the same, as whatever changes nothing does: time must not tell who is known.
   */
  setStreamSubject(id: string, sub: string | undefined, wanted: boolean): Promise<void>
  /** Queues a verification event, unless the last one was queued less than so long ago. A disabled stream lets it go. */
  queueVerification(
    id: string,
    state: string | undefined,
    minSeconds: number,
    now: number
  ): Promise<{ queued: true } | { queued: false; retryAfterSeconds: number }>
  /** The oldest events that a stream which is polled owes; of one that is not enabled only what it says of itself. */
  waitingEvents(id: string, most: number): Promise<{ events: OwedEvent[]; more: boolean }>
  /** Settles events of a stream: those that were taken, and those that the receiver could not take. Others are ignored. */
  settleEvents(
    id: string,
    settled: { taken: readonly string[]; failed: readonly { id: string; problem: string }[] },
    now: number
  ): Promise<void>
  /**
   * Keeps queues bounded: events that nobody fetched, or that were held, for `keptSeconds` are given up, and a stream that owes more than
   * `most` is disabled, which its receiver is told. Returns the ids of streams that were disabled.
   */
  limitStreams(limits: { most: number; keptSeconds: number }, now: number): Promise<string[]>
}
