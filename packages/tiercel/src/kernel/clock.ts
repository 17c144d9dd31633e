/** Time as the cache sees it. Handed in, so that tests own it. */
export interface Clock {
  /** Milliseconds on a clock that never goes back; only differences mean something. */
  monotonicMs(): number
  /** Unix time in ms when `monotonicMs` was 0. Default: that of this process. */
  readonly originMs?: number
  /** Calls `onExpire` once, `ms` from now. Default: a timer of the process, which does not keep it alive. */
  after?(ms: number, onExpire: () => void): Timer
}

export interface Timer {
  /** It will not fire. May be called twice. */
  cancel(): void
}

export const systemClock: Clock = { monotonicMs: () => performance.now() }

/** For what happens seldom and may be late. */
export function startTimer(clock: Clock, ms: number, onExpire: () => void): Timer {
  return clock.after?.(ms, onExpire) ?? cancellable(setTimeout(onExpire, ms).unref())
}

/** Keeps the process alive until then: who waits for an end is to see it. */
export function startHoldingTimer(clock: Clock, ms: number, onExpire: () => void): Timer {
  return clock.after?.(ms, onExpire) ?? cancellable(setTimeout(onExpire, ms))
}

function cancellable(timeout: NodeJS.Timeout): Timer {
  return { cancel: () => clearTimeout(timeout) }
}

const originMs = performance.timeOrigin

/** Unix time in ms, from the monotonic clock: it does not follow when the machine's wall clock is set. */
export function epochMs(clock: Clock): number {
  return (clock.originMs ?? originMs) + clock.monotonicMs()
}

const coarseMs = 1
/** Looks, each less than `coarseMs` after the one before, that make a burst: more than a few calls for one key and then something else. */
const looksOfBurst = 32

/**
 * A cheaper `monotonicMs` for hot paths: who reads it again and again looks at the clock once in `mostReads + 1` reads; who does something
 * else after a few reads looks each time.
 *
 * Asking the system for the time costs about as much as a whole hit in memory. A timer bounds the error of a burst that is over; within one the
 * count does, where nothing lets timers run: a process that reads in a burst and then stands still may take that long for a moment, so many times.
 */
export function coarseClock(clock: Clock, mostReads = 16): () => number {
  let nowMs = Number.NEGATIVE_INFINITY
  let readsLeft = 0
  let quickLooks = 0
  let isTimed = false
  const forget = (): void => {
    readsLeft = 0
    isTimed = false
  }
  return () => {
    if (readsLeft > 0) {
      readsLeft -= 1
      return nowMs
    }
    const lastMs = nowMs
    nowMs = clock.monotonicMs()
    quickLooks = nowMs - lastMs < coarseMs ? quickLooks + 1 : 0
    if (quickLooks < looksOfBurst) return nowMs
    readsLeft = mostReads
    if (!isTimed) {
      isTimed = true
      setTimeout(forget, coarseMs).unref()
    }
    return nowMs
  }
}
