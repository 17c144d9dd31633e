import { startTimer, type Timer } from '../kernel/clock.ts'
import type { Store } from '../stores/store.ts'
import type { Pace } from './pace.ts'

/** A key that was changed, as it is deleted again. */
export interface JournalKey {
  /** The stored key, of an entry or a tag. */
  readonly key: string
  /** Of a tag. */
  readonly counter?: string | undefined
  /** What stands for the whole namespace; `undefined`: nothing does. */
  readonly namespace: { readonly key: string; readonly counter: string } | undefined
}

interface Record {
  readonly key: JournalKey
  /** When the server confirmed it; `undefined`: it has not. */
  readonly appliedAtMs: number | undefined
  /** Whether the caller went on before. */
  readonly wasQueued: boolean
}

/** What a failover may have lost was confirmed less than so long ago. */
const keptMs = 60_000
const keysPerCall = 100
const firstRetryMs = 100
const longestRetryMs = 5_000

/**
 * What this process invalidated lately, to be done again.
 *
 * An invalidation that could not be applied is queued here and tried until it is. One that was applied can still be undone: the server that
 * confirmed it dies, and its successor never heard of it. So everything of the last minute is deleted once more on every new link, before
 * anything is read over it. A delete that is done twice costs a miss.
 *
 * What does not fit stands for its whole namespace, which is then cleared; where nothing can stand for it, the oldest that were applied give way, and
 * what is left over cannot be queued.
 */
export class Journal {
  readonly #store: Store
  readonly #maxKeys: number
  readonly #pace: Pace
  readonly #records: Map<string, Record> = new Map()
  #queued = 0
  /** When the server confirmed one that had been queued, the last time. */
  #lastLateMs = Number.NEGATIVE_INFINITY
  #retry: Timer | undefined
  #retryMs = firstRetryMs
  #isClosed = false
  readonly #unlisten: (() => void) | undefined

  constructor(store: Store, maxKeys: number, pace: Pace) {
    this.#store = store
    this.#maxKeys = maxKeys
    this.#pace = pace
    this.#unlisten = store.onLink?.(() => void this.replay())
  }

  /** Invalidations that were not applied yet. */
  get queued(): number {
    return this.#queued
  }

  /**
   * Whether what the server said of a key may be older than an invalidation that this process has queued.
   *
   * @param sentAtMs when it was asked: an answer may have been given before the server was told at last, and come after that
   */
  holds(key: string, sentAtMs: number): boolean {
    if (this.#isQueued(key)) return true
    if (sentAtMs > this.#lastLateMs) return false
    const record = this.#records.get(key)
    return record?.appliedAtMs !== undefined && record.wasQueued && sentAtMs <= record.appliedAtMs
  }

  /** The server has confirmed it. What is queued stays so: it may be the stronger of the two, and the later. */
  applied(keys: readonly JournalKey[]): void {
    const nowMs = this.#pace.nowMs()
    this.#forget(nowMs)
    for (const key of keys) if (!this.#isQueued(key.key)) this.#put(key, nowMs)
  }

  /**
   * The server did not: it is tried again, with the next link or after a while.
   *
   * @returns whether there was room for all
   */
  queue(keys: readonly JournalKey[]): boolean {
    this.#forget(this.#pace.nowMs())
    const arePut = keys.map((key) => this.#put(key, undefined))
    this.#plan()
    return arePut.every(Boolean)
  }

  /**
   * Deletes everything once more. What it sends leaves in this turn, before anything that is asked for later.
   *
   * @returns whether nothing is queued any more
   */
  async replay(): Promise<boolean> {
    if (this.#isClosed) return true
    this.#forget(this.#pace.nowMs())
    const calls = this.#calls()
    await Promise.all(calls.map((records) => this.#delete(records)))
    this.#retryMs = this.#queued === 0 ? firstRetryMs : Math.min(this.#retryMs * 2, longestRetryMs)
    this.#plan()
    return this.#queued === 0
  }

  close(): void {
    this.#isClosed = true
    this.#retry?.cancel()
    this.#unlisten?.()
  }

  #isQueued(key: string): boolean {
    if (this.#queued === 0) return false
    const record = this.#records.get(key)
    return record !== undefined && record.appliedAtMs === undefined
  }

  /** @returns whether there was room */
  #put(key: JournalKey, appliedAtMs: number | undefined, wasQueued = appliedAtMs === undefined): boolean {
    const known = this.#records.get(key.key)
    if (known !== undefined) this.#drop(key.key, known)
    const record = { key, appliedAtMs, wasQueued }
    if (this.#records.size >= this.#maxKeys) {
      if (key.namespace !== undefined) return this.#overflow(record)
      if (!this.#dropApplied()) return false
    }
    this.#add(record)
    return true
  }

  /** The oldest. */
  #dropApplied(): boolean {
    for (const [key, record] of this.#records) {
      if (record.appliedAtMs === undefined) continue
      this.#drop(key, record)
      return true
    }
    return false
  }

  #add(record: Record): void {
    this.#records.set(record.key.key, record)
    if (record.appliedAtMs === undefined) this.#queued += 1
  }

  /** Namespaces in the place of their keys. */
  #overflow(last: Record): true {
    const all = [...this.#records.values(), last]
    this.#records.clear()
    this.#queued = 0
    for (const { key, appliedAtMs, wasQueued } of all) {
      const namespace = key.namespace as NonNullable<JournalKey['namespace']>
      const known = this.#records.get(namespace.key)
      if (known !== undefined) this.#drop(namespace.key, known)
      const isQueued = appliedAtMs === undefined || (known !== undefined && known.appliedAtMs === undefined)
      this.#add({
        key: { ...namespace, namespace },
        appliedAtMs: isQueued ? undefined : appliedAtMs,
        wasQueued: wasQueued || known?.wasQueued === true,
      })
    }
    return true
  }

  #drop(key: string, record: Record): void {
    this.#records.delete(key)
    if (record.appliedAtMs === undefined) this.#queued -= 1
  }

  /** They stand in the order in which they were put. */
  #forget(nowMs: number): void {
    for (const [key, record] of this.#records) {
      if (record.appliedAtMs === undefined) continue
      if (nowMs - record.appliedAtMs <= keptMs) break
      this.#drop(key, record)
    }
  }

  /** What is queued goes alone, so that a node that is away keeps nobody else's back. */
  #calls(): Record[][] {
    const calls: Record[][] = []
    const open = new Map<string, Record[]>()
    for (const record of this.#records.values()) {
      const counter = record.key.counter ?? ''
      const group = record.appliedAtMs === undefined ? undefined : open.get(counter)
      if (group !== undefined && group.length < keysPerCall) group.push(record)
      else {
        const started = [record]
        if (record.appliedAtMs !== undefined) open.set(counter, started)
        calls.push(started)
      }
    }
    return calls
  }

  async #delete(records: readonly Record[]): Promise<void> {
    const keys = records.map(({ key }) => key.key)
    const tagLifeMs = 60_000
    try {
      await this.#store.fence({ keys, counter: records[0]?.key.counter, op: 'close', forMs: 0, ttlMs: tagLifeMs })
      for (const record of records) this.#applied(record)
    } catch {
      // It stays as it was: the next link, or the next try, will do it.
    }
  }

  #applied(record: Record): void {
    if (record.appliedAtMs !== undefined || this.#records.get(record.key.key) !== record) return
    const nowMs = this.#pace.nowMs()
    this.#lastLateMs = nowMs
    this.#put(record.key, nowMs, true)
  }

  #plan(): void {
    this.#retry?.cancel()
    if (this.#queued === 0 || this.#isClosed) return
    const { clock, random } = this.#pace
    this.#retry = startTimer(clock, this.#retryMs * (0.5 + random()), () => void this.replay())
  }
}
