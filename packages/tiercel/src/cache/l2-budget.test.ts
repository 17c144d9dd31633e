import { expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { DeadlineError } from '../kernel/errors.ts'
import { deadlinesOf } from '../resilience/deadline.ts'
import { L2Budget } from './l2-budget.ts'

const never = new Promise<never>(() => undefined)
const late = { code: 'TIERCEL_STORE_DEADLINE', limitMs: 10_000, operation: 'claim' }

/** By a clock of its own; deadlines go by the system's. */
function make(limitMs: number | undefined) {
  const clock = { nowMs: 0 }
  const budget = new L2Budget(limitMs, { nowMs: () => clock.nowMs, startDeadline: deadlinesOf(systemClock) })
  const answeredAfter = (ms: number) =>
    budget.within(
      Promise.resolve().then(() => void (clock.nowMs += ms)),
      'read',
    )
  return { clock, budget, answeredAfter }
}

test('what earlier steps took is not there for later ones', async () => {
  const { budget, answeredAfter } = make(10_000)
  await answeredAfter(9_000)
  budget.spend(995)
  await expect(budget.within(never, 'claim')).rejects.toMatchObject(late)
})

test('steps that are waited for together are paid for once', async () => {
  const { clock, budget } = make(10_000)
  const step = Promise.resolve().then(() => void (clock.nowMs += 9_995))
  await Promise.all([budget.within(step, 'read'), budget.within(step, 'snap'), budget.within(step, 'claim')])
  await expect(budget.within(never, 'claim')).rejects.toBeInstanceOf(DeadlineError)
})

test('one that has waited for somebody else, or was answered beyond any limit, has all of it again', async () => {
  const { budget, answeredAfter } = make(10_000)
  for (const begin of [() => budget.renew(), () => budget.spend(60_000)]) {
    await answeredAfter(9_999)
    begin()
    await expect(Promise.race([budget.within(never, 'claim'), new Promise((resolve) => setTimeout(resolve, 30, 'waits'))])).resolves.toBe(
      'waits',
    )
    budget.renew()
  }
})

test('passes on what a step rejects with, and limits nothing where no store can hang', async () => {
  const { budget } = make(10_000)
  await expect(budget.within(Promise.reject(new RangeError('own')), 'read')).rejects.toThrow(RangeError)
  const { budget: free } = make(undefined)
  free.spend(1e9)
  await expect(free.within(Promise.resolve('there'), 'read')).resolves.toBe('there')
})
