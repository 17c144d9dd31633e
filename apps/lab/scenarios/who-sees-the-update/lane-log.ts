import { KeptReads } from '../../measure/kept-reads.ts'
import type { Outcome } from '../outcome.ts'
import type { LaneRecorder } from '../scenario.ts'
import type { ApproachId, Read } from './protocol.ts'

/** A read, and for how long its answer had been replaced when it was asked for; 0: it was the newest. */
export interface JudgedRead extends Read {
  readonly outcome: Outcome
  readonly outdatedMs: number | null
}

export interface Load {
  readonly startMs: number
  endMs: number | undefined
  hasFailed: boolean
}

/** What one lane did, on the shared clock. */
export class LaneLog {
  readonly recorder: LaneRecorder
  readonly loads: Load[] = []
  oldestMs = 0
  outdated = 0
  trouble: string | undefined
  /** When each version became true; the first one always was. */
  readonly #committedAtMs: number[] = [Number.NEGATIVE_INFINITY]
  /** When each version, or a later one, was first served. */
  readonly #seenAtMs: number[] = []
  #lastRead: JudgedRead | undefined
  readonly reads = new KeptReads<JudgedRead>()

  constructor(recorder: LaneRecorder) {
    this.recorder = recorder
  }

  get id(): ApproachId {
    return this.recorder.id as ApproachId
  }

  get changes(): number {
    return this.#committedAtMs.length - 1
  }

  /** Whether the last answer of all was not the newest row. */
  get isStillOld(): boolean {
    return (this.#lastRead?.outdatedMs ?? 0) > 0
  }

  /** Of the changes that were seen before the end: how long each took. */
  get seenAfterMs(): readonly number[] {
    return this.#seenAtMs.flatMap((atMs, version) => (version === 0 ? [] : [Math.max(0, atMs - (this.#committedAtMs[version] as number))]))
  }

  committed(version: number, atMs: number): void {
    this.#committedAtMs[version] = atMs
  }

  add(read: Read): void {
    const { askedAtMs, answeredAtMs, from, version } = read
    const replacedAtMs = version < 0 ? undefined : this.#committedAtMs[version + 1]
    const outdatedMs = from === 'error' ? null : Math.max(0, askedAtMs - (replacedAtMs ?? askedAtMs))
    const judged: JudgedRead = { ...read, outdatedMs, outcome: outdatedMs !== null && outdatedMs > 0 ? 'stale' : from }
    this.recorder.record(judged.outcome, answeredAtMs - askedAtMs)
    this.reads.add(judged)
    this.#lastRead = judged
    this.oldestMs = Math.max(this.oldestMs, outdatedMs ?? 0)
    if (judged.outcome === 'stale') this.outdated++
    for (let seen = this.#seenAtMs.length; seen <= version; seen++) this.#seenAtMs[seen] = answeredAtMs
  }
}
