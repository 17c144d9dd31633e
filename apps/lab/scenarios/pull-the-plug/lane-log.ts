import { KeptReads } from '../../measure/kept-reads.ts'
import { Thinned } from '../../measure/thinned.ts'
import type { Outcome } from '../outcome.ts'
import type { LaneRecorder } from '../scenario.ts'
import type { ApproachId, Change, Load, Read } from './protocol.ts'

const keptLoads = 400

export interface JudgedRead extends Read {
  readonly outcome: Outcome
}

/** What happened in one stretch of time. */
export interface Stretch {
  reads: number
  slowestMs: number
  loads: number
  errors: number
}

export const stretchMs = 250

/** What one lane did, on the shared clock. */
export class LaneLog {
  readonly recorder: LaneRecorder
  fromMs = 0
  slowestMs = 0
  slowestLoadMs = 0
  loads = 0
  oldestMs = 0
  outdated = 0
  changes = 0
  readonly lostChanges: Change[] = []
  /** Reads that failed, or that a user noticed. */
  hurt = 0
  /** When the last of them was called. */
  lastHurtAtMs: number | undefined
  /** By number since the first read. */
  readonly stretches: Stretch[] = []
  readonly #hurtFromMs: number
  readonly reads = new KeptReads<JudgedRead>()
  readonly #loads = new Thinned<Load>(keptLoads)

  /** @param hurtFromMs a user notices what takes longer than that */
  constructor(recorder: LaneRecorder, hurtFromMs: number) {
    this.recorder = recorder
    this.#hurtFromMs = hurtFromMs
  }

  get id(): ApproachId {
    return this.recorder.id as ApproachId
  }

  get drawnLoads(): readonly Load[] {
    return this.#loads.items
  }

  add(read: Read): void {
    const { calledAtMs, answeredAtMs, from, outdatedMs } = read
    const tookMs = Math.max(0, answeredAtMs - calledAtMs)
    const judged: JudgedRead = { ...read, outcome: outdatedMs > 0 ? 'stale' : from }
    this.recorder.record(judged.outcome, tookMs)
    this.reads.add(judged)
    this.slowestMs = Math.max(this.slowestMs, tookMs)
    this.oldestMs = Math.max(this.oldestMs, outdatedMs)
    if (outdatedMs > 0) this.outdated++
    if (from === 'error' || tookMs > this.#hurtFromMs) {
      this.hurt++
      this.lastHurtAtMs = Math.max(this.lastHurtAtMs ?? 0, calledAtMs)
    }
    const stretch = this.#at(calledAtMs)
    stretch.reads++
    stretch.slowestMs = Math.max(stretch.slowestMs, tookMs)
    if (from === 'error') stretch.errors++
  }

  load(load: Load): void {
    this.loads++
    this.#loads.add(load)
    this.#at(load.startMs).loads++
    this.slowestLoadMs = Math.max(this.slowestLoadMs, load.endMs - load.startMs)
  }

  change(change: Change): void {
    this.changes++
    if (change.error !== undefined) this.lostChanges.push(change)
  }

  /** Loads in the busiest second. */
  get mostLoadsPerSecond(): number {
    const perSecond = 1000 / stretchMs
    const sums = this.stretches.map((_, first) =>
      this.stretches.slice(first, first + perSecond).reduce((sum, stretch) => sum + (stretch?.loads ?? 0), 0),
    )
    return Math.max(0, ...sums)
  }

  #at(ms: number): Stretch {
    const place = Math.max(0, Math.floor((ms - this.fromMs) / stretchMs))
    while (this.stretches.length <= place) this.stretches.push({ reads: 0, slowestMs: 0, loads: 0, errors: 0 })
    return this.stretches[place] as Stretch
  }
}
