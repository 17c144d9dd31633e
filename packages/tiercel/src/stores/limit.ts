import { DeadlineError, StoreError } from '../kernel/errors.ts'
import type { StartDeadline } from '../resilience/deadline.ts'

/**
 * Waits for `pending`, at most so long. What it waits for goes on.
 *
 * @throws what `toError` makes, when it is late; what `pending` rejects with
 */
export function limit<T>(pending: Promise<T>, limitMs: number, toError: () => Error, startDeadline: StartDeadline): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = startDeadline(limitMs, () => reject(toError()))
    pending.then(
      (value) => {
        deadline.cancel()
        resolve(value)
      },
      (error) => {
        deadline.cancel()
        reject(error)
      },
    )
  })
}

export function lateError(limitMs: number, operation: string): DeadlineError {
  return new DeadlineError('TIERCEL_STORE_DEADLINE', `${operation}: the server did not answer within ${limitMs} ms.`, limitMs, {
    operation,
  })
}

export function awayError(): StoreError {
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', 'There is no link to the server.')
}
