import { expect, test } from 'vitest'
import { idempotencyKey } from './idempotency-key.ts'

test('the same for the same write, in whatever order and type its parameters come', () => {
  expect(idempotencyKey({ from: 'HAM', number: 7 }, 12)).toBe('"from=HAM&number=7:12"')
  expect(idempotencyKey({ number: '7', from: 'HAM' }, 12)).toBe('"from=HAM&number=7:12"')
})

test('another for another write', () => {
  const keys = [
    idempotencyKey({ a: 'x&b=y' }, 1),
    idempotencyKey({ a: 'x', b: 'y' }, 1),
    idempotencyKey({ a: 'x' }, 1),
    idempotencyKey({ a: 'x:1' }, 1),
    idempotencyKey({ a: 'x' }, 11),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

test('fits into a header', () => {
  const long = idempotencyKey({ a: 'é"\n'.repeat(1000) }, 1)
  expect(long).toMatch(/^"[0-9a-f]{64}:1"$/)
  expect(long).not.toBe(idempotencyKey({ a: 'é"\n'.repeat(1001) }, 1))
  expect(idempotencyKey({ a: 'é"\n' }, 1)).toMatch(/^"[\x21\x23-\x7e]+"$/)
})
