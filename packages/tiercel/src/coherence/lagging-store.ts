import type { Reader, Store } from '../stores/store.ts'
import type { RecentKeys } from './recent-keys.ts'
import { TellingStore } from './telling-store.ts'

/**
 * A store whose replicas lag, as a cache may use it. What this process has changed, or heard of, within the lag is read where it was changed: else it would
 * read back what it has just replaced, and keep as new what it was just told is old.
 */
export class LaggingStore extends TellingStore {
  readonly #recent: RecentKeys

  /** @param recent told of what others change */
  constructor(store: Store, recent: RecentKeys) {
    super(store, (keys) => void recent.add(keys))
    this.#recent = recent
    const read = this.read
    if (read !== undefined) this.read = (key: string, reader: Reader, mayLag = false) => read(key, reader, mayLag && !recent.has(key))
  }

  override get(key: string, mayLag = false): Promise<Buffer | undefined> {
    return super.get(key, mayLag && !this.#recent.has(key))
  }
}
