import { expect, test } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

test('a first few, then a tenth of what succeeds', () => {
  const budget = new RetryBudget(0.1)
  let retries = 0
  while (budget.spend()) retries += 1
  expect(retries).toBe(10)
  for (let at = 0; at < 1_000; at += 1) {
    budget.succeeded()
    if (budget.spend()) retries += 1
  }
  expect(retries).toBeGreaterThanOrEqual(109)
  expect(retries).toBeLessThanOrEqual(110)
})

test('a good time does not pay for a storm', () => {
  const budget = new RetryBudget(0.1)
  for (let at = 0; at < 100_000; at += 1) budget.succeeded()
  let retries = 0
  while (budget.spend()) retries += 1
  expect(retries).toBe(10)
})

test('a share of 0 is none at all', () => {
  expect(new RetryBudget(0).spend()).toBe(false)
})
