import { createRandom } from '@tiercel/workloads'
import { describe, expect, test } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { Breaker, type BreakerReason, type BreakerSettings, type BreakerState } from './breaker.ts'

const settings: BreakerSettings = {
  windowMs: 10_000,
  minimumCalls: 10,
  failureRatio: 0.5,
  slowRatio: 0.9,
  slowMs: 40,
  openMs: 500,
  maxOpenMs: 30_000,
  trialCalls: 5,
}

function make(given: Partial<BreakerSettings> = {}, seed = 'breaker') {
  const clock = new FakeClock()
  const random = createRandom(seed)
  const changes: (readonly [atMs: number, state: BreakerState, reason: BreakerReason | undefined])[] = []
  const world = { isUp: true, probes: [] as number[] }
  const breaker = new Breaker(
    { ...settings, ...given },
    {
      clock,
      nowMs: () => clock.nowMs,
      random: () => random.next(),
      probe: async () => {
        world.probes.push(clock.nowMs)
        if (!world.isUp) throw new Error('down')
      },
      onChange: (state, reason) => changes.push([clock.nowMs, state, reason]),
    },
  )
  const call = (ok: boolean, tookMs = 1): boolean => {
    const entered = breaker.enter()
    if (entered === 0) return false
    if (ok) breaker.succeeded(entered, tookMs)
    else breaker.failed(entered)
    return true
  }
  const states = (): BreakerState[] => changes.map(([, state]) => state)
  return { clock, breaker, world, changes, call, states }
}

describe('closed', () => {
  test('opens at the share of failures, not before the least number of calls', () => {
    const { call, breaker, changes } = make()
    for (let at = 0; at < 9; at += 1) call(false)
    expect(breaker.state).toBe('closed')
    call(false)
    expect(breaker.state).toBe('open')
    expect(changes).toEqual([[0, 'open', 'failures']])
    expect(call(true)).toBe(false)
  })

  test('counts what is in the window, and forgets what is older', async () => {
    const { call, breaker, clock } = make()
    for (let at = 0; at < 9; at += 1) call(false)
    await clock.passAndSettle(5_000)
    for (let at = 0; at < 30; at += 1) call(true)
    expect(breaker.counts).toEqual({ calls: 39, failures: 9, slow: 9 })
    await clock.passAndSettle(5_000)
    expect(breaker.counts).toEqual({ calls: 30, failures: 0, slow: 0 })
    await clock.passAndSettle(100_000)
    expect(breaker.counts).toEqual({ calls: 0, failures: 0, slow: 0 })
    for (let at = 0; at < 9; at += 1) call(false)
    expect(breaker.state).toBe('closed')
  })

  test('opens when all have failed for a while, however good the window was', async () => {
    const { call, breaker, changes, clock, world } = make()
    world.isUp = false
    const second = async (ok: boolean) => {
      for (let at = 0; at < 100; at += 1) {
        call(ok)
        await clock.passAndSettle(10)
      }
    }
    for (let at = 0; at < 10; at += 1) await second(true)
    await second(false)
    expect(changes).toEqual([[10_000 + 20 * settings.slowMs, 'open', 'failures']])
    expect(breaker.counts.failures).toBeLessThan(breaker.counts.calls / 5)
  })

  test('stays closed when a busy server is away for a moment', async () => {
    const { call, breaker, clock } = make()
    for (let at = 0; at < 2_000; at += 1) call(true)
    for (let at = 0; at < 300; at += 1) call(false)
    await clock.passAndSettle(20 * settings.slowMs)
    call(true)
    for (let at = 0; at < 300; at += 1) call(false)
    expect(breaker.state).toBe('closed')
  })

  test('opens at the share of slow calls, where failures are among the slow', () => {
    const { call, changes, breaker } = make()
    call(true, 1)
    for (let at = 0; at < 8; at += 1) call(true, 40)
    expect(breaker.state).toBe('closed')
    call(false)
    expect(changes).toEqual([[0, 'open', 'slow']])
  })

  test('never opens where its shares are more than all', () => {
    const { call, breaker } = make({ failureRatio: 2, slowRatio: 2 })
    for (let at = 0; at < 1_000; at += 1) call(false)
    expect(breaker.state).toBe('closed')
  })

  test.each(['a', 'b', 'c', 'd'])('stays closed at 5 %% of random failures, seed %s', async (seed) => {
    const { call, breaker, clock } = make({}, seed)
    const random = createRandom(`errors ${seed}`)
    for (let at = 0; at < 120_000; at += 1) {
      call(random.next() >= 0.05)
      if (at % 10 === 0) await clock.passAndSettle(10)
    }
    expect(breaker.state).toBe('closed')
  })
})

describe('open', () => {
  function down(given: Partial<BreakerSettings> = {}, seed?: string) {
    const made = make(given, seed)
    made.world.isUp = false
    for (let at = 0; at < settings.minimumCalls; at += 1) made.call(false)
    return made
  }

  test('probes alone, less and less often, by chance, and lets nobody through', async () => {
    const { clock, world, call, states, breaker } = down()
    for (let at = 0; at < 600; at += 1) {
      await clock.passAndSettle(100)
      expect(call(true)).toBe(false)
    }
    expect(states()).toEqual(['open'])
    const gaps = world.probes.map((atMs, at) => atMs - (world.probes[at - 1] ?? 0))
    expect(gaps[0]).toBeGreaterThanOrEqual(250)
    expect(gaps[0]).toBeLessThanOrEqual(750)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3_000)
    expect(Math.min(...gaps.slice(3))).toBeGreaterThanOrEqual(1_000)
    expect(new Set(gaps).size).toBeGreaterThan(gaps.length / 2)
    breaker.end()
    expect(clock.waiting).toBe(0)
  })

  test('after the first probe that succeeds lets a few through, and closes when they have succeeded', async () => {
    const { clock, world, breaker, states, call } = down()
    await clock.passAndSettle(10_000)
    world.isUp = true
    while (breaker.state === 'open') await clock.passAndSettle(10)
    expect(breaker.state).toBe('half-open')
    const entered = Array.from({ length: 8 }, () => breaker.enter())
    expect(entered.filter((each) => each > 0)).toHaveLength(5)
    for (const each of entered.slice(0, 4)) breaker.succeeded(each, 1)
    breaker.passed(entered[4] as number)
    expect(breaker.state).toBe('half-open')
    expect(call(true)).toBe(true)
    expect(states()).toEqual(['open', 'half-open', 'closed'])
    expect(breaker.counts.calls).toBe(0)
  })

  test('what nobody calls closes by probes alone, and opens again when one fails', async () => {
    const { breaker, world, clock, states } = down()
    world.isUp = true
    await clock.passAndSettle(60_000)
    expect(states()).toEqual(['open', 'half-open', 'closed'])
    const { length } = world.probes
    await clock.passAndSettle(60_000)
    expect(world.probes).toHaveLength(length)
    const again = down()
    again.world.isUp = true
    while (again.breaker.state === 'open') await again.clock.passAndSettle(10)
    again.world.isUp = false
    await again.clock.passAndSettle(1_000)
    expect(again.states()).toEqual(['open', 'half-open', 'open'])
    expect(breaker.state).toBe('closed')
  })

  test('a trial that fails opens it again', async () => {
    const { clock, world, breaker, states, call } = down()
    world.isUp = true
    await clock.passAndSettle(1_000)
    call(true)
    call(false)
    expect(breaker.state).toBe('open')
    expect(states()).toEqual(['open', 'half-open', 'open'])
  })

  test('what was called before says nothing now', async () => {
    const { call, clock, breaker, world } = make()
    const before = breaker.enter()
    for (let at = 0; at < 10; at += 1) call(false)
    while (breaker.state === 'open') await clock.passAndSettle(10)
    breaker.failed(before)
    expect(breaker.state).toBe('half-open')
    for (let at = 0; at < 5; at += 1) breaker.succeeded(before, 1)
    expect(breaker.state).toBe('half-open')
    expect(world.probes).toHaveLength(1)
  })

  test('a hint brings the next probe forward', async () => {
    const { clock, world, breaker } = down()
    await clock.passAndSettle(20_000)
    world.isUp = true
    breaker.hint()
    await clock.passAndSettle(0)
    expect(breaker.state).toBe('half-open')
    // Who is let through says more.
    breaker.hint()
    const { length } = world.probes
    await clock.passAndSettle(0)
    expect(world.probes).toHaveLength(length)
  })
})

describe('flapping', () => {
  // 2 minutes of calls, 100 a second.
  async function squareWave(halfPeriodMs: number, seed: string) {
    const made = make({}, seed)
    for (let at = 0; at < 12_000; at += 1) {
      made.world.isUp = Math.floor(made.clock.nowMs / halfPeriodMs) % 2 === 1
      made.call(made.world.isUp)
      await made.clock.passAndSettle(10)
    }
    return made
  }

  test.each([500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000])(
    'half a period of %i ms: at most 6 changes of state a minute',
    async (halfPeriodMs) => {
      for (const seed of ['a', 'b', 'c']) {
        const { changes } = await squareWave(halfPeriodMs, seed)
        expect(changes.length, changes.join(' ')).toBeLessThanOrEqual(12)
        expect(changes.length).toBeGreaterThan(0)
        for (const minute of [0, 60_000]) {
          const within = changes.filter(([atMs]) => atMs >= minute && atMs < minute + 60_000)
          expect(within.length, within.join(' ')).toBeLessThanOrEqual(6)
        }
      }
    },
  )

  test('what stays good afterwards is let through in the end, and what fails a minute later finds it as at first', async () => {
    const { clock, world, breaker, changes, call } = await squareWave(10_000, 'a')
    world.isUp = true
    for (let at = 0; at < 200 && breaker.state !== 'closed'; at += 1) {
      await clock.passAndSettle(250)
      call(true)
    }
    expect(breaker.state).toBe('closed')
    await clock.passAndSettle(61_000)
    world.isUp = false
    for (let at = 0; at < 10; at += 1) call(false)
    const openedAtMs = clock.nowMs
    world.isUp = true
    await clock.passAndSettle(1_000)
    expect(changes.at(-1)?.[1]).toBe('half-open')
    expect(changes.at(-1)?.[0]).toBeLessThanOrEqual(openedAtMs + 750)
  })
})
