import { deadlines } from '../resilience/deadline.ts'
import type { Watch } from '../stores/store.ts'
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
  readonly lease: Extract<Found, { kind: 'lease' }>
  readonly lockTimeoutMs: number
  readAgain(): Promise<Found>
}

/**
 * Waits until the holder of a lease has stored something, has given it back, or has let it run out.
 *
 * Woken by the store where that hears of changes, else it asks from time to time. The end of a lease is not told in time by any server, so
 * that has a timer of its own, from when the lease was first seen; one that is still there then was renewed.
 *
 * @returns what is there afterwards; `undefined` when `lockTimeoutMs` were over before, or all callers left
 */
export async function waitForHolder(wait: Wait): Promise<Found | undefined> {
  const { core, flight, key, lockTimeoutMs } = wait
  const bell = new Bell()
  const watch = core.l2?.watch?.(key, () => bell.ring())
  flight.onAbandon = () => bell.ring()
  const givesUpAtMs = performance.now() + lockTimeoutMs
  let lease = wait.lease
  let endsAtMs = performance.now() + lease.lengthMs + expiryMarginMs
  let pollMs = firstPollMs
  // What was stored after the lease was seen and before the watch began was not heard.
  if (watch !== undefined) bell.ring()
  try {
    for (;;) {
      const nowMs = performance.now()
      await bell.wait(Math.min(napMs(core, watch, endsAtMs - nowMs, pollMs), givesUpAtMs - nowMs))
      if (flight.dropReason === 'abandoned') return undefined
      const found = await wait.readAgain()
      if (found.kind !== 'lease') return found
      if (performance.now() >= givesUpAtMs) return undefined
      const isAnother = !found.mark.equals(lease.mark)
      // Renewed: it runs at least half its length from when that was last done.
      if (isAnother || performance.now() >= endsAtMs)
        endsAtMs = performance.now() + Math.max(isAnother ? found.lengthMs : found.lengthMs / 2, longestPollMs)
      lease = found
      pollMs = Math.min(pollMs * 2, longestPollMs)
    }
  } finally {
    flight.onAbandon = undefined
    watch?.close()
  }
}

/** Until the lease may be over, and no longer than to the next look where changes are not heard. */
function napMs(core: Core, watch: Watch | undefined, untilEndMs: number, pollMs: number): number {
  const untilEnd = Math.max(untilEndMs, 1)
  if (watch?.isLive === true) return untilEnd
  return Math.min(untilEnd, pollMs * (0.5 + core.random()))
}

/** Wakes one sleeper; a ring that comes before he sleeps is not lost. */
class Bell {
  #hasRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#hasRung = true
    this.#wake?.()
  }

  async wait(limitMs: number): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const deadline = deadlines.start(limitMs, resolve)
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
