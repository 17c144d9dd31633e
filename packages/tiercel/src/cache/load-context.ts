import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import type { LoadContext, StaleValue } from './loader.ts'
import { type Tag, tagNames } from './tag-names.ts'

/** What one call of a loader is handed, and what it says with it. */
export class Context implements LoadContext {
  readonly key: string
  /** Chosen by the loader. */
  ttlMs: number | undefined
  graceMs: number | undefined
  /** Encoded names. */
  tags: readonly string[] = []
  isAbsent = false
  isSkipped = false
  isUnchanged = false
  readonly #flight: Flight
  readonly #entry: Entry | undefined
  readonly #core: Core

  constructor(key: string, flight: Flight, entry: Entry | undefined, core: Core) {
    this.key = key
    this.#flight = flight
    this.#entry = entry
    this.#core = core
  }

  get signal(): AbortSignal {
    return this.#flight.signal
  }

  get stale(): StaleValue | undefined {
    const entry = this.#entry
    return entry === undefined
      ? undefined
      : { value: this.#handOut(entry.value), ageMs: Math.max(0, this.#core.nowMs() - entry.createdAtMs) }
  }

  setTtl(ttl: Duration, grace?: Duration | false): void {
    this.ttlMs = durationMs(ttl, 'setTtl')
    if (grace !== undefined) this.graceMs = grace === false ? 0 : durationMs(grace, 'setTtl')
  }

  setTags(tags: readonly Tag[]): void {
    this.tags = tagNames(tags, 'setTags', this.#core.format)
  }

  skip<T>(value: T): T {
    this.isSkipped = true
    return value
  }

  absent(): undefined {
    this.isAbsent = true
  }

  notModified<T>(): T {
    if (this.#entry === undefined) {
      const text = 'notModified: there is no older value to keep. Ask without a condition where ctx.stale is undefined.'
      throw new UsageError('TIERCEL_INVALID_LOADER', text, { operation: 'getOrSet', key: this.key })
    }
    this.isUnchanged = true
    return this.#handOut(this.#entry.value) as T
  }

  #handOut(held: unknown): unknown {
    return this.#core.format.values.handOut(held)
  }
}
