import type { Client, Tracking } from '../client/client.ts'
import { keyRoot } from '../kernel/key.ts'
import type { Watch } from './store.ts'

/** After a link could not be opened, none is tried for so long. */
const restMs = 5_000

/**
 * Tells when keys change, by the server's own invalidation messages on a link that is opened when somebody first watches and stays open
 * until the store is closed.
 */
export class KeyWatches {
  readonly #client: () => Promise<Client>
  readonly #watchers: Map<string, Set<() => void>> = new Map()
  #tracking: Promise<Tracking | undefined> | undefined
  #isLive = false
  #isClosed = false

  constructor(client: () => Promise<Client>) {
    this.#client = client
  }

  watch(key: string, onChange: () => void): Watch {
    const watchers = this.#watchers.get(key) ?? new Set()
    this.#watchers.set(key, watchers.add(onChange))
    if (!this.#isClosed) this.#tracking ??= this.#open()
    const isLive = (): boolean => this.#isLive
    return {
      get isLive() {
        return isLive()
      },
      close: () => {
        watchers.delete(onChange)
        if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key)
      },
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#isLive = false
    await (await this.#tracking)?.close()
  }

  /** Never rejects: without a link, those who wait ask from time to time. */
  async #open(): Promise<Tracking | undefined> {
    try {
      const client = await this.#client()
      const tracking = await client.track(
        { prefixes: [`${keyRoot}:`] },
        {
          onInvalidate: (keys) => this.#changed(keys),
          onDown: () => this.#setLive(false),
          onUp: () => this.#setLive(true),
        },
      )
      this.#setLive(true)
      return tracking
    } catch {
      setTimeout(() => {
        this.#tracking = undefined
      }, restMs).unref()
      return undefined
    }
  }

  /** Whoever waits looks once: what changed before the link was there, or while it was away, was not heard. */
  #setLive(isLive: boolean): void {
    this.#isLive = isLive && !this.#isClosed
    this.#changed(null)
  }

  #changed(keys: readonly string[] | null): void {
    const touched = keys === null ? [...this.#watchers.values()] : keys.map((key) => this.#watchers.get(key))
    for (const watchers of touched) for (const onChange of [...(watchers ?? [])]) onChange()
  }
}
