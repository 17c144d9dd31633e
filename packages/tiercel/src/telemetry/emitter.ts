import type { CacheEvent, CacheEventListener } from './event.ts'

/** Hands events to listeners. `isHeard` is looked at before an event is built, so that an unheard one costs one property. */
export class Emitter {
  isHeard = false
  #listeners: readonly CacheEventListener[] = []

  on(listener: CacheEventListener): () => void {
    const own: CacheEventListener = (event) => listener(event)
    this.#replace([...this.#listeners, own])
    return () => this.#replace(this.#listeners.filter((other) => other !== own))
  }

  /** A listener that throws does not disturb the call it listens to. */
  emit(event: CacheEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        // The listener's own affair.
      }
    }
  }

  #replace(listeners: readonly CacheEventListener[]): void {
    this.#listeners = listeners
    this.isHeard = listeners.length > 0
  }
}
