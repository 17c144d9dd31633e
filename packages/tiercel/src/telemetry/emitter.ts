import type { CacheEvent } from './event.ts'

/** Hands events to listeners. `isHeard` is looked at before an event is built, so that an unheard one costs one property. */
export class Emitter<Event = CacheEvent> {
  isHeard = false
  #listeners: readonly ((event: Event) => void)[] = []

  on(listener: (event: Event) => void): () => void {
    const own = (event: Event): void => listener(event)
    this.#replace([...this.#listeners, own])
    return () => this.#replace(this.#listeners.filter((other) => other !== own))
  }

  /** A listener that throws does not disturb the call it listens to. */
  emit(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        // The listener's own affair.
      }
    }
  }

  #replace(listeners: readonly ((event: Event) => void)[]): void {
    this.#listeners = listeners
    this.isHeard = listeners.length > 0
  }
}
