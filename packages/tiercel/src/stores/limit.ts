import { DeadlineError, StoreError } from '../kernel/errors.ts'
import type { StartDeadline } from '../resilience/deadline.ts'

/** Waits for `pending`, at most so long. What it waits for goes on. */
export function limit<T>(pending: Promise<T>, limitMs: number, operation: string, startDeadline: StartDeadline): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = startDeadline(limitMs, () => reject(lateError(limitMs, operation)))
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
