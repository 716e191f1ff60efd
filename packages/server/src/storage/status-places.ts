import { createHmac } from 'node:crypto'

/** Places in one status list. One bit each: 8 KiB before compression. */
export const statusListPlaces = 65_536

/** More rounds than a Feistel network over so few values needs to look random. */
const rounds = 8

/**
 * Where in a list its `turn`-th token stands: every turn has another place, and without the key nobody can tell from
 * places which tokens were issued one after the other (Token Status List, "Unlinkability").
 * @param turn 0 to {@link statusListPlaces} - 1
 */
export function scattered(key: string, turn: number): number {
  let left = turn >> 8
  let right = turn & 0xff
  for (let round = 0; round < rounds; round++) {
    const [mask = 0] = createHmac('sha256', key).update(Uint8Array.of(round, right)).digest()
    const mixed = left ^ mask
    left = right
    right = mixed
  }
  return (left << 8) | right
}
