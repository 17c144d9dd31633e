/**
 * Tells of new links to primaries, and counts them: what `Client.onLink` and `Client.linkEpoch` are made of.
 *
 * Links report themselves here, at the latest inside the `send` that would be the first to use them: so the listeners' commands go first.
 */
export class LinkNews {
  readonly #listeners = new Set<() => void>()
  readonly #strayListeners = new Set<() => void>()
  #epoch = 0
  #isTelling = false

  /** Grows with every link that is opened or lost. */
  get epoch(): number {
    return this.#epoch
  }

  listen(listener: () => void): () => void {
    // Of its own, so that a listener given twice is told twice, and each is taken off by itself.
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /**
   * A link to a primary can be used from now on. One that turns up while listeners are being told is not told of again: they are the
   * ones who use it first.
   */
  opened(): void {
    this.#epoch++
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      for (const listener of [...this.#listeners]) listener()
    } finally {
      this.#isTelling = false
    }
  }

  /** Calls `listener` when a command was answered by a node that is none of the client's primaries for it: its slot is being moved there. */
  onStray(listener: () => void): () => void {
    this.#strayListeners.add(listener)
    return () => void this.#strayListeners.delete(listener)
  }

  strayed(): void {
    for (const listener of [...this.#strayListeners]) listener()
  }

  lost(): void {
    this.#epoch++
  }

  close(): void {
    this.#listeners.clear()
    this.#strayListeners.clear()
  }
}
