import { waitOutcomes } from '../../measure/outcome-of.ts'
import { Thinned } from '../../measure/thinned.ts'
import type { LaneRecorder } from '../scenario.ts'
import type { Read } from './protocol.ts'
import type { Load } from './source.ts'

/** Marks that a timeline can hold without becoming a wall. */
const keptReads = 600

export interface Kill {
  readonly atMs: number
  /** Of the load that was cut short, so far. */
  readonly loadedForMs: number
  readonly place: number
  readonly expiry: number
}

/** What one lane did: figures of all its reads, a part of the reads themselves. */
export class LaneLog {
  readonly recorder: LaneRecorder
  readonly waitsMs: number[] = []
  /** The longest wait by expiry. */
  readonly longestWaitMs = new Map<number, number>()
  /** When it was answered. */
  oldestMs = 0
  /** When it was due: what a busy machine adds to the way of an answer is not in it. */
  oldestWhenDueMs = 0
  /** Of all reads, the cold start's too. */
  readsSeen = 0
  commands: number | undefined
  storeErrors = 0
  lostLeases = 0
  kill: Kill | undefined
  /** The measured time: from the end of the cold start to the end of the last expiry. */
  fromMs: number | undefined
  toMs: number | undefined
  loads: readonly Load[] = []
  endedBy: 'done' | 'budget' | 'signal' = 'done'
  readonly #reads = new Thinned<Read>(keptReads)

  constructor(recorder: LaneRecorder) {
    this.recorder = recorder
  }

  get reads(): readonly Read[] {
    return this.#reads.items
  }

  get readsPerMark(): number {
    return this.#reads.every
  }

  /** Reads of the cold start are seen and not counted. */
  add(read: Read, expiry: number): void {
    this.readsSeen++
    const { calledAtMs, answeredAtMs, outcome, ageMs } = read
    if (this.fromMs === undefined || calledAtMs < this.fromMs || (this.toMs !== undefined && calledAtMs > this.toMs)) return
    const waitMs = Math.max(0, answeredAtMs - calledAtMs)
    this.recorder.record(outcome, waitMs)
    this.#reads.add(read)
    if (waitOutcomes.includes(outcome)) this.waitsMs.push(waitMs)
    this.longestWaitMs.set(expiry, Math.max(waitMs, this.longestWaitMs.get(expiry) ?? 0))
    if (ageMs === null) return
    this.oldestMs = Math.max(this.oldestMs, ageMs)
    this.oldestWhenDueMs = Math.max(this.oldestWhenDueMs, ageMs - waitMs)
  }

  /** Loads of the counted expiries. */
  get countedLoads(): readonly Load[] {
    const { toMs = Number.POSITIVE_INFINITY } = this
    return this.loads.filter(({ expiry, startMs }) => expiry > 0 && startMs <= toMs)
  }

  /** How many loads each counted expiry sent to the source. */
  get loadsByExpiry(): readonly number[] {
    const counts: number[] = []
    for (const { expiry } of this.countedLoads) counts[expiry - 1] = (counts[expiry - 1] ?? 0) + 1
    return counts
  }

  /** From the kill until a living process had a new value. */
  get recoveredAfterMs(): number | null {
    if (this.kill === undefined) return null
    const { atMs } = this.kill
    const next = this.loads.filter(({ end, endMs }) => end === 'done' && (endMs as number) > atMs).map(({ endMs }) => endMs as number)
    return next.length === 0 ? null : Math.min(...next) - atMs
  }
}
