import type { Watch } from '../coherence/changes.ts'
import type { StartDeadline } from '../resilience/deadline.ts'
import type { Core } from './core.ts'
import type { Flight } from './flight.ts'
import type { Found } from './found.ts'

const firstPollMs = 25
const longestPollMs = 250
/** The server sees an expired key as gone at once, but by its own clock. */
const expiryMarginMs = 5

export interface Wait {
  readonly core: Core
  readonly flight: Flight
  /** The stored key. */
  readonly key: string
  /** What is there now. */
  readonly seen: Found
  readonly limitMs: number
  readAgain(): Promise<Found>
  /** Whether what is there now is not what was waited for to go. */
  isOver(found: Found): boolean
}

/**
 * Waits until another process has done something about a key: stored what it loads, given its lease back, or let it run out.
 *
 * Woken by the store where that hears of changes, else it asks from time to time. The end of a lease is not told in time by any server, so
 * that has a timer of its own, from when the lease was first seen; one that is still there then was renewed.
 *
 * @returns what is there afterwards; `undefined` when `limitMs` were over before, or all callers left
 */
export async function waitForHolder(wait: Wait): Promise<Found | undefined> {
  const { core, flight, key } = wait
  const bell = new Bell(core.startDeadline)
  const watch = core.changes?.watch(key, () => bell.ring())
  flight.onAbandon = () => bell.ring()
  const givesUpAtMs = core.deadlineNowMs() + wait.limitMs
  let { seen } = wait
  let endsAtMs = core.deadlineNowMs() + lengthMs(seen) + expiryMarginMs
  let pollMs = firstPollMs
  // What was stored after it was seen and before the watch began was not heard.
  if (watch !== undefined) bell.ring()
  try {
    for (;;) {
      const nowMs = core.deadlineNowMs()
      await bell.wait(Math.min(napMs(core, watch, endsAtMs - nowMs, pollMs), givesUpAtMs - nowMs))
      if (flight.dropReason === 'abandoned') return undefined
      const found = await wait.readAgain()
      if (wait.isOver(found)) return found
      const againMs = core.deadlineNowMs()
      if (againMs >= givesUpAtMs) return undefined
      const isAnother = found.kind === 'lease' && seen.kind === 'lease' && !found.mark.equals(seen.mark)
      // Renewed: it runs at least half its length from when that was last done.
      if (isAnother || againMs >= endsAtMs) endsAtMs = againMs + Math.max(lengthMs(found) * (isAnother ? 1 : 0.5), longestPollMs)
      seen = found
      pollMs = Math.min(pollMs * 2, longestPollMs)
    }
  } finally {
    flight.onAbandon = undefined
    watch?.close()
  }
}

/** Of a lease; anything else does not end by itself. */
function lengthMs(found: Found): number {
  return found.kind === 'lease' ? found.lengthMs : Number.POSITIVE_INFINITY
}

/** Until the lease may be over, and no longer than to the next look where changes are not heard. */
function napMs(core: Core, watch: Watch | undefined, untilEndMs: number, pollMs: number): number {
  const untilEnd = Math.max(untilEndMs, 1)
  if (watch?.isLive === true) return untilEnd
  return Math.min(untilEnd, pollMs * (0.5 + core.random()))
}

/** Wakes one sleeper; a ring that comes before he sleeps is not lost. */
class Bell {
  readonly #startDeadline: StartDeadline
  #hasRung = false
  #wake: (() => void) | undefined

  constructor(startDeadline: StartDeadline) {
    this.#startDeadline = startDeadline
  }

  ring(): void {
    this.#hasRung = true
    this.#wake?.()
  }

  async wait(limitMs: number): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const deadline = this.#startDeadline(limitMs, resolve)
        this.#wake = () => {
          deadline.cancel()
          resolve()
        }
      })
    }
    this.#hasRung = false
    this.#wake = undefined
  }
}
