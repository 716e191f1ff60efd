/** The other tabs of this site. */
export interface Tabs {
  tell(mark: string): void
  close(): void
}

/**
 * Tells the other tabs of a logout, and hears of theirs: by a channel, and by the `storage` event where there is none.
 * @param heard called with the mark of each logout, perhaps twice
 */
export function openTabs(name: string, markKey: string, heard: (mark: string) => void): Tabs {
  const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : undefined
  if (channel) channel.onmessage = ({ data }) => heard(String(data))
  const onStorage = ({ key, newValue }: StorageEvent): void => {
    if (key === markKey && newValue) heard(newValue)
  }
  addEventListener('storage', onStorage)
  return {
    tell: mark => channel?.postMessage(mark),
    close() {
      channel?.close()
      removeEventListener('storage', onStorage)
    }
  }
}
