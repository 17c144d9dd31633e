import type { StreamRecord } from './record.ts'

/** What an owner has read of a partition and not settled, by key. */
interface Line {
  /** In order. */
  readonly records: StreamRecord[]
  /** The record that failed last; nothing else of the key moves before it is done or dead. */
  failed?: StreamRecord
  /** When that is tried again, on the monotonic clock. */
  dueAtMs: number
  isBusy: boolean
}

export interface Pick {
  readonly record: StreamRecord
  /** Older records of its key that need not be carried any more once this one is. */
  readonly superseded: readonly StreamRecord[]
}

/**
 * Decides which records may go next: of each key one at a time, in order. With `isCoalescing` the newest of a key stands for those before it. A record that failed keeps the
 * later ones of its key waiting, and no others. When it is given up, those that it stood for have their turn: what was acknowledged is not dropped for a later one's fault.
 *
 * Pure: time is handed in.
 */
export class Window {
  readonly #isCoalescing: boolean
  readonly #lines: Map<string, Line> = new Map()
  #size = 0
  #bytes = 0

  constructor(isCoalescing: boolean) {
    this.#isCoalescing = isCoalescing
  }

  /** Records that were read and not settled, but for those of keys that wait for a retry: they keep no others from being read. */
  get moving(): number {
    let held = 0
    for (const { failed, records } of this.#lines.values()) if (failed !== undefined) held += records.length
    return this.#size - held
  }

  get bytes(): number {
    return this.#bytes
  }

  add(record: StreamRecord): void {
    const line = this.#lines.get(record.key)
    if (line === undefined) this.#lines.set(record.key, { records: [record], dueAtMs: 0, isBusy: false })
    else line.records.push(record)
    this.#size += 1
    this.#bytes += record.body.length
  }

  /** How many keys have something that may go now, and how old the oldest of it is: by its sequence; `undefined` for a retry that is due. */
  ready(nowMs: number): { readonly keys: number; readonly oldest: number | undefined } {
    let keys = 0
    let oldest: number | undefined = Number.MAX_SAFE_INTEGER
    for (const line of this.#lines.values()) {
      if (!isReady(line, nowMs)) continue
      keys += 1
      const sequence = line.failed === undefined ? (line.records[0] as StreamRecord).sequence : undefined
      oldest = sequence === undefined || oldest === undefined ? undefined : Math.min(oldest, sequence)
    }
    return { keys, oldest }
  }

  /** When a record that failed is due next. */
  nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { failed, dueAtMs, isBusy } of this.#lines.values()) if (failed !== undefined && !isBusy) next = Math.min(next, dueAtMs)
    return next
  }

  /** At most one record of each key, which is busy until it is told what became of it. */
  pick(most: number, nowMs: number): readonly Pick[] {
    const picks: Pick[] = []
    for (const line of this.#lines.values()) {
      if (picks.length === most) break
      if (!isReady(line, nowMs)) continue
      line.isBusy = true
      const record = line.failed ?? (this.#isCoalescing ? line.records.at(-1) : line.records[0])
      picks.push({
        record: record as StreamRecord,
        superseded: line.records.filter(({ sequence }) => sequence < (record as StreamRecord).sequence),
      })
    }
    return picks
  }

  /** It is done, and with it what it superseded. */
  done({ key, sequence }: StreamRecord): void {
    this.#end(key, (other) => other.sequence <= sequence)
  }

  /** It was given up. */
  dead({ key, sequence }: StreamRecord): void {
    this.#end(key, (other) => other.sequence === sequence)
  }

  failed(record: StreamRecord, dueAtMs: number): void {
    const line = this.#lines.get(record.key)
    if (line === undefined) return
    line.failed = record
    line.dueAtMs = dueAtMs
    line.isBusy = false
  }

  #end(key: string, isOver: (record: StreamRecord) => boolean): void {
    const line = this.#lines.get(key)
    if (line === undefined) return
    const kept = line.records.filter((record) => !isOver(record))
    for (const record of line.records) if (isOver(record)) this.#bytes -= record.body.length
    this.#size -= line.records.length - kept.length
    // At the end of the lines again: a key that is written all the time does not keep others waiting.
    this.#lines.delete(key)
    if (kept.length > 0) this.#lines.set(key, { records: kept, dueAtMs: 0, isBusy: false })
  }
}

function isReady(line: Line, nowMs: number): boolean {
  return !line.isBusy && (line.failed === undefined || line.dueAtMs <= nowMs)
}
