import { sharedClockMs } from '../shared-clock.ts'

/** One load as the source saw it. */
export interface Load {
  readonly number: number
  /** Place of the process that asked. */
  readonly by: number
  /** Which expiry it belongs to; 0 is the cold start. */
  readonly expiry: number
  readonly startMs: number
  endMs: number | undefined
  /** `killed`: the process that asked was gone before it ended; the source went on all the same. */
  end: 'done' | 'failed' | 'killed' | undefined
}

export interface SourceOptions {
  work(): Promise<readonly unknown[]>
  /** How long after the first value of an expiry a load that found nothing belongs to the next one. */
  readonly quietMs: number
  /** Whether the process in this place still lives. */
  isAlive(place: number): boolean
}

/**
 * The source of the hot key for one lane: the one place where all loads pass, so that their number is exact.
 *
 * An expiry begins with a load. All loads that are to replace the same value belong to it; and of those that found nothing, all up to a
 * while after the first value that reached a process that lives: they had looked before it was stored.
 */
export class Source {
  readonly loads: Load[] = []
  readonly #options: SourceOptions
  #expiry = 0
  #servedAtMs: number | undefined
  #underWay = 0
  #onIdle: (() => void) | undefined

  constructor(options: SourceOptions) {
    this.#options = options
  }

  /** Expiries that are over; the cold start is not one. -1 before that. */
  get expiriesOver(): number {
    return this.#isQuiet ? this.#expiry : this.#expiry - 1
  }

  /** What a load takes, by those that have ended. */
  get typicalMs(): number | undefined {
    const ended = this.loads.filter(({ end }) => end === 'done').map(({ startMs, endMs }) => (endMs as number) - startMs)
    return ended.length === 0 ? undefined : Math.min(...ended)
  }

  /**
   * @param replaces number of the load of the value that is to be replaced; `undefined`: there was none
   * @returns the load's number, and what it gave
   */
  async load(by: number, replaces?: number): Promise<{ number: number; rows: readonly unknown[] }> {
    if (replaces === undefined ? this.#isQuiet : this.loads[replaces - 1]?.expiry === this.#expiry) {
      this.#expiry++
      this.#servedAtMs = undefined
    }
    const number = this.loads.length + 1
    const load: Load = { number, by, expiry: this.#expiry, startMs: sharedClockMs(), endMs: undefined, end: undefined }
    this.loads.push(load)
    this.#underWay++
    try {
      const rows = await this.#options.work()
      this.#end(load, 'done')
      return { number, rows }
    } catch (error) {
      this.#end(load, 'failed')
      throw error
    }
  }

  /** Resolves when no load is under way. */
  async idle(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  get #isQuiet(): boolean {
    return this.#servedAtMs !== undefined && sharedClockMs() >= this.#servedAtMs + this.#options.quietMs
  }

  #end(load: Load, end: 'done' | 'failed'): void {
    load.endMs = sharedClockMs()
    load.end = this.#options.isAlive(load.by) ? end : 'killed'
    if (load.end === 'done') this.#servedAtMs ??= load.endMs
    this.#underWay--
    if (this.#underWay === 0) this.#onIdle?.()
  }
}
