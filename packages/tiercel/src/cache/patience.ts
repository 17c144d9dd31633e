import { DeadlineError } from '../kernel/errors.ts'
import type { Core } from './core.ts'

/** How long a caller waits. */
export interface Patience {
  readonly signal: AbortSignal | undefined
  /** In ms; `Infinity`: as long as it takes. */
  readonly hardTimeoutMs: number
}

/** Waits for what a caller asks before it shares a flight: that is part of its time. */
export function inTime<T>(core: Core, pending: Promise<T>, { signal, hardTimeoutMs }: Patience, path: string): Promise<T> {
  if (signal === undefined && hardTimeoutMs === Number.POSITIVE_INFINITY) return pending
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason)
    const deadline =
      hardTimeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : core.startDeadline(hardTimeoutMs, () => reject(lateError(hardTimeoutMs, path)))
    signal?.addEventListener('abort', onAbort, { once: true })
    pending.then(resolve, reject).finally(() => {
      deadline?.cancel()
      signal?.removeEventListener('abort', onAbort)
    })
  })
}

export function lateError(limitMs: number, key: string): DeadlineError {
  const text = `getOrSet: there was no value within hardTimeout, ${limitMs} ms. The load goes on while somebody else waits for it.`
  return new DeadlineError('TIERCEL_LOAD_DEADLINE', text, limitMs, { operation: 'getOrSet', key })
}
