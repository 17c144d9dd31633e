import { expect, test } from 'vitest'
import { testSize } from '../test-size.ts'
import { changing } from './changing.ts'
import { planOf } from './plan.ts'

const seeds = testSize({ small: 400, ci: 10_000, release: 100_000 })

test(`${seeds} orders of events: nothing is seen that must never be`, { timeout: 3_600_000 }, async () => {
  for (let seed = 0; seed < seeds; seed += 1) {
    const plan = planOf(seed)
    const { violations } = await changing(plan)
    if (violations.length === 0) continue
    const { trace } = await changing({ ...plan, isTracing: true })
    expect.fail(`${violations.join('\n')}\n\nnpm run sim -- --seed ${seed} --trace\n\n${trace.join('\n')}`)
  }
})

test('a seed always gives the same world', async () => {
  for (let seed = 0; seed < 40; seed += 1) {
    const plan = { ...planOf(seed), isTracing: true }
    expect((await changing(plan)).trace).toEqual((await changing(plan)).trace)
  }
})

test('a seed that is looked at is the one that was not', async () => {
  for (let seed = 40; seed < 60; seed += 1) {
    const { trace: _, ...looked } = await changing({ ...planOf(seed), isTracing: true })
    expect(await changing(planOf(seed))).toMatchObject(looked)
  }
})
