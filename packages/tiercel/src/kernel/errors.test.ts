import { expect, test } from 'vitest'
import { errorCodes } from './error-codes.ts'
import { DeadlineError, ServerError, StoreError, TiercelError, UsageError } from './errors.ts'

test('an error knows its code, whether to try again, and a short key', () => {
  const error = new UsageError('TIERCEL_INVALID_KEY', 'no', { key: 'k'.repeat(100), operation: 'get' })
  expect(error).toMatchObject({ name: 'UsageError', code: 'TIERCEL_INVALID_KEY', retryable: false, operation: 'get' })
  expect(error.key).toHaveLength(64)
  expect(new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away').retryable).toBe(true)
})

test('the cause travels along', () => {
  const cause = new Error('socket closed')
  expect(new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away', { cause }).cause).toBe(cause)
})

test('errors of another copy of the package are recognised', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('tiercel.error')]: true, code: 'TIERCEL_CLOSED' })
  expect(TiercelError.is(foreign)).toBe(true)
  for (const other of [new Error('x'), null, undefined, 'x', {}]) expect(TiercelError.is(other)).toBe(false)
})

test('families can be told by class', () => {
  expect(new ServerError('OOM command not allowed')).toMatchObject({ reply: 'OOM', code: 'TIERCEL_SERVER_ERROR' })
  expect(new ServerError('x')).toBeInstanceOf(StoreError)
  expect(new DeadlineError('TIERCEL_STORE_DEADLINE', 'late', 50)).toMatchObject({ limitMs: 50, retryable: true })
})

test('what is retryable is so in the table', () => {
  for (const code of Object.keys(errorCodes) as (keyof typeof errorCodes)[]) {
    expect(new TiercelError(code, 'x').retryable).toBe(errorCodes[code].retryable)
  }
})
