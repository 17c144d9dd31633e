import { type Clock, startTimer, type Timer } from '../kernel/clock.ts'

/**
 * A circuit breaker: what fails is not asked again and again by everybody.
 *
 * Calls are counted in a rolling window of ten slots. When enough were made and too many of them failed, or were slow, it opens: calls are refused at once. It opens
 * as well when all have failed for a while: what is busy and falls silent would else have to fail for half a window before its good days are outweighed. Then
 * one probe at a time finds out whether that is over; it is nobody's call, so nobody waits for it. After the first that succeeds a few calls are let through
 * (half-open), and when those succeed it closes.
 *
 * What fails again within a minute of closing is flapping: it has to have been good for half of `maxOpen` before anybody is let through, and for all of it from the
 * third time on. A steady outage costs one change of state, however long it is; what comes and goes is left alone until it stays.
 *
 * The window is the one of Polly and resilience4j; the damping is that of route flaps in RFC 2439, made simple.
 */
export type BreakerState = 'closed' | 'open' | 'half-open'

export type BreakerReason = 'failures' | 'slow'

export interface BreakerSettings {
  /** Over how long calls are counted. */
  readonly windowMs: number
  /** Fewer calls than that say nothing. */
  readonly minimumCalls: number
  /** Share of failed calls that opens it, above 0. More than 1: never. */
  readonly failureRatio: number
  /** Share of slow calls, failed ones among them, that opens it. More than 1: never. */
  readonly slowRatio: number
  /** From when on a call is slow. */
  readonly slowMs: number
  /** How long it is open before the first probe, about: half of that to one and a half times, by chance. */
  readonly openMs: number
  /** The longest time between two probes, and the longest time that something that flaps has to be good. */
  readonly maxOpenMs: number
  /** How many calls have to succeed while it is half-open; no more are let through at a time. */
  readonly trialCalls: number
}

export interface BreakerHost {
  readonly clock: Clock
  /** Monotonic; may be coarse. */
  readonly nowMs: () => number
  readonly random: () => number
  /** Asks once whether it is over; rejects while it is not. */
  probe(): Promise<unknown>
  onChange(state: BreakerState, reason: BreakerReason | undefined): void
}

const slotCount = 10
/** So many times as long as a slow call takes: longer than a lost packet, or a moment's work, keeps a server that is well from answering. */
const silentForSlows = 20
const probeGrowth = 2
const longestProbeGapMs = 2_000
const flapMemoryMs = 60_000

export class Breaker {
  readonly #settings: BreakerSettings
  readonly #host: BreakerHost
  readonly #slotMs: number
  readonly #calls: number[] = new Array(slotCount).fill(0)
  readonly #failures: number[] = new Array(slotCount).fill(0)
  readonly #slow: number[] = new Array(slotCount).fill(0)
  #slot = 0
  /** Since the last call that succeeded: how many failed, and since when. */
  #failedInARow = 0
  #failingSinceMs = 0
  #state: BreakerState = 'closed'
  /** Grows with each change of state. */
  #era = 1
  #changedAtMs: number
  #closedAtMs = Number.NEGATIVE_INFINITY
  #reopenings = 0
  #probeGapMs = 0
  #goodSinceMs: number | undefined
  /** Calls that were let through while it is half-open, and are not over. */
  #trials = 0
  #trialsDone = 0
  #timer: Timer | undefined
  #isEnded = false

  constructor(settings: BreakerSettings, host: BreakerHost) {
    this.#settings = settings
    this.#host = host
    this.#slotMs = settings.windowMs / slotCount
    this.#changedAtMs = host.nowMs()
  }

  get state(): BreakerState {
    return this.#state
  }

  /** On the clock of its host. */
  get changedAtMs(): number {
    return this.#changedAtMs
  }

  /** Calls and failures within the window. */
  get counts(): { readonly calls: number; readonly failures: number; readonly slow: number } {
    this.#turn(this.#host.nowMs())
    return { calls: sum(this.#calls), failures: sum(this.#failures), slow: sum(this.#slow) }
  }

  /**
   * Whether a call may be made now. Who is let through says how it ended, once.
   *
   * @returns what to say that with; 0: no
   */
  enter(): number {
    if (this.#state === 'closed') return this.#era
    if (this.#state === 'open' || this.#trials >= this.#settings.trialCalls) return 0
    this.#trials += 1
    return this.#era
  }

  /**
   * @param entered what `enter` returned: a call from before the last change of state says nothing
   * @param tookMs how long it took
   */
  succeeded(entered: number, tookMs: number): void {
    if (entered !== this.#era) return
    const isSlow = tookMs >= this.#settings.slowMs
    if (this.#state === 'closed') this.#count(0, isSlow ? 1 : 0)
    else this.#tried(!isSlow || this.#settings.slowRatio > 1)
  }

  failed(entered: number): void {
    if (entered !== this.#era) return
    if (this.#state === 'closed') this.#count(1, 1)
    else this.#tried(false)
  }

  /** It ended in a way that says nothing of who was asked. */
  passed(entered: number): void {
    if (entered === this.#era && this.#state === 'half-open') this.#trials -= 1
  }

  /** Something says that it may be over: the next probe is made now. */
  hint(): void {
    if (this.#state === 'open' && this.#timer !== undefined) this.#planProbe(0)
  }

  end(): void {
    this.#isEnded = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #count(failures: number, slow: number): void {
    const nowMs = this.#host.nowMs()
    const slot = this.#turn(nowMs)
    this.#calls[slot] = (this.#calls[slot] as number) + 1
    if (failures === 0) this.#failedInARow = 0
    else if (this.#failedInARow++ === 0) this.#failingSinceMs = nowMs
    if (slow === 0) return
    this.#failures[slot] = (this.#failures[slot] as number) + failures
    this.#slow[slot] = (this.#slow[slot] as number) + slow
    this.#judge(nowMs)
  }

  #judge(nowMs: number): void {
    const { minimumCalls, failureRatio, slowRatio, slowMs } = this.#settings
    const calls = sum(this.#calls)
    if (calls < minimumCalls) return
    const isSilent = this.#failedInARow >= minimumCalls && nowMs - this.#failingSinceMs >= silentForSlows * slowMs && failureRatio <= 1
    if (isSilent || sum(this.#failures) >= failureRatio * calls) this.#open('failures')
    else if (sum(this.#slow) >= slowRatio * calls) this.#open('slow')
  }

  /** Empties the slots that are over. @returns the one of now */
  #turn(nowMs: number): number {
    const slot = Math.floor(nowMs / this.#slotMs)
    const passed = slot - this.#slot
    if (passed > 0) {
      for (let step = 0; step < Math.min(passed, slotCount); step += 1) this.#clear((slot - step) % slotCount)
      this.#slot = slot
    }
    return this.#slot % slotCount
  }

  #clear(slot: number): void {
    this.#calls[slot] = 0
    this.#failures[slot] = 0
    this.#slow[slot] = 0
  }

  #open(reason: BreakerReason): void {
    const nowMs = this.#host.nowMs()
    if (this.#state === 'closed') this.#reopenings = nowMs - this.#closedAtMs < flapMemoryMs ? this.#reopenings + 1 : 0
    else this.#reopenings += 1
    this.#goodSinceMs = undefined
    this.#probeGapMs = this.#settings.openMs
    this.#change('open', nowMs, reason)
    this.#planProbe(this.#jittered(this.#probeGapMs))
  }

  /** How long it has to have been good before anybody is let through. */
  #dampMs(): number {
    if (this.#reopenings === 0) return 0
    return this.#reopenings === 1 ? this.#settings.maxOpenMs / 2 : this.#settings.maxOpenMs
  }

  #planProbe(inMs: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#isEnded) return
    this.#timer = startTimer(this.#host.clock, inMs, () => void this.#probe())
  }

  async #probe(): Promise<void> {
    this.#timer = undefined
    let isGood = true
    try {
      await this.#host.probe()
    } catch {
      isGood = false
    }
    if (this.#state === 'closed' || this.#isEnded || this.#timer !== undefined) return
    if (this.#state === 'half-open') {
      if (isGood) this.#countTrial()
      else this.#open('failures')
      this.#goOnTrying()
      return
    }
    const nowMs = this.#host.nowMs()
    if (!isGood) {
      this.#goodSinceMs = undefined
      this.#probeGapMs = Math.min(this.#probeGapMs * probeGrowth, longestProbeGapMs, this.#settings.maxOpenMs)
    } else {
      this.#goodSinceMs ??= nowMs
      this.#probeGapMs = this.#settings.openMs
      if (nowMs - this.#goodSinceMs >= this.#dampMs()) return this.#try(nowMs)
    }
    this.#planProbe(this.#jittered(this.#probeGapMs))
  }

  #try(nowMs: number): void {
    this.#trials = 0
    this.#trialsDone = 0
    this.#change('half-open', nowMs, undefined)
    this.#goOnTrying()
  }

  /** Where nobody calls, probes are the trials: what is idle gets well, too. */
  #goOnTrying(): void {
    if (this.#state === 'half-open') this.#planProbe(this.#jittered(this.#settings.openMs))
  }

  #tried(isGood: boolean): void {
    if (!isGood) {
      this.#open('failures')
      return
    }
    this.#trials -= 1
    this.#countTrial()
  }

  #countTrial(): void {
    this.#trialsDone += 1
    if (this.#trialsDone < this.#settings.trialCalls) return
    const nowMs = this.#host.nowMs()
    for (let slot = 0; slot < slotCount; slot += 1) this.#clear(slot)
    this.#failedInARow = 0
    this.#closedAtMs = nowMs
    this.#timer?.cancel()
    this.#timer = undefined
    this.#change('closed', nowMs, undefined)
  }

  #change(state: BreakerState, nowMs: number, reason: BreakerReason | undefined): void {
    this.#state = state
    this.#era += 1
    this.#changedAtMs = nowMs
    this.#host.onChange(state, reason)
  }

  #jittered(ms: number): number {
    return ms * (0.5 + this.#host.random())
  }
}

function sum(numbers: readonly number[]): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
