import { randomUUIDv7 } from 'node:crypto'

/** The id of a new grant. In the order of time, so that grants made together lie together on disk; it proves nothing to anybody. */
export const newGrantId = (): string => randomUUIDv7()
