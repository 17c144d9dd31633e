import { DeadlineError } from '../../kernel/errors.ts'
import { deadlines } from '../../resilience/deadline.ts'

/**
 * Waits for one step on the server, not longer than it may take nor than the caller wants.
 *
 * @throws {TIERCEL_STORE_DEADLINE}; the signal's reason
 */
export function step<T>(pending: Promise<T>, limitMs: number, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason)
    const text = `admin: the server did not answer within ${limitMs} ms.`
    const deadline = deadlines.start(limitMs, () =>
      reject(new DeadlineError('TIERCEL_STORE_DEADLINE', text, limitMs, { operation: 'admin' })),
    )
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    pending.then(resolve, reject).finally(() => {
      deadline.cancel()
      signal?.removeEventListener('abort', onAbort)
    })
  })
}
