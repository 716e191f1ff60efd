import type { SignedOutReceipt } from '../pages/receipt.ts'

/** Told of a receipt when it is first read and whenever it has changed; of `undefined` where there is none any more. */
type Listener = (receipt: SignedOutReceipt | undefined) => void

/** Watches receipts in the storage, whichever process changes them. */
export interface ReceiptWatch {
  /** Returns how to stop. However many listen to one receipt, it is read once a turn. */
  watch(id: string, listener: Listener): () => void
}

interface Watched {
  id: string
  listeners: Set<Listener>
  last?: { receipt: SignedOutReceipt | undefined }
}

/**
 * See {@link ReceiptWatch}.
 * @param read may fail: then it is read again in the next turn
 * @param everyMs how long a turn is, in milliseconds
 */
export function receiptWatch(
  read: (id: string) => Promise<SignedOutReceipt | undefined>,
  everyMs: number
): ReceiptWatch {
  const watched = new Map<string, Watched>()

  async function turn(it: Watched): Promise<void> {
    const found = await read(it.id).then(
      receipt => ({ receipt }),
      () => undefined
    )
    if (found && JSON.stringify(found) !== JSON.stringify(it.last)) {
      it.last = found
      for (const listener of [...it.listeners]) listener(found.receipt)
    }
    // Not when nobody listens any more, or somebody else by now, with turns of their own.
    setTimeout(() => watched.get(it.id) === it && void turn(it), everyMs).unref()
  }

  function start(id: string): Watched {
    const it: Watched = { id, listeners: new Set() }
    watched.set(id, it)
    void turn(it)
    return it
  }

  return {
    watch(id, listener) {
      const it = watched.get(id) ?? start(id)
      it.listeners.add(listener)
      if (it.last) listener(it.last.receipt)
      return () => {
        it.listeners.delete(listener)
        if (it.listeners.size === 0 && watched.get(id) === it) watched.delete(id)
      }
    }
  }
}
