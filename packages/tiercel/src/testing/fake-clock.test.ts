import { describe, expect, test } from 'vitest'
import { createCache } from '../cache/create-cache.ts'
import { FakeClock } from './fake-clock.ts'

describe('time', () => {
  test('stands still until it is moved', () => {
    const clock = new FakeClock({ startMs: 5 })
    expect(clock.monotonicMs()).toBe(5)
    clock.pass(2.5)
    expect([clock.monotonicMs(), clock.nowMs]).toEqual([7.5, 7.5])
  })

  test('rings at the time of each timer, in order, those included that a timer sets', () => {
    const clock = new FakeClock()
    const rung: string[] = []
    const ring = (name: string) => () => void rung.push(`${name} ${clock.nowMs}`)
    clock.after(20, ring('b'))
    clock.after(10, () => {
      ring('a')()
      clock.after(5, ring('a2'))
    })
    clock.after(20, ring('c'))
    clock.after(15, ring('never')).cancel()
    clock.after(31, ring('later'))
    expect([clock.nextAtMs, clock.waiting]).toEqual([10, 4])
    clock.pass(30)
    expect(rung).toEqual(['a 10', 'a2 15', 'b 20', 'c 20'])
    expect([clock.nowMs, clock.nextAtMs, clock.waiting]).toEqual([30, 31, 1])
    clock.pass(0)
    clock.pass(1)
    expect(rung.at(-1)).toBe('later 31')
    expect(clock.nextAtMs).toBe(undefined)
  })

  test('a stall makes timers late', () => {
    const clock = new FakeClock()
    const rung: number[] = []
    clock.after(10, () => rung.push(clock.nowMs))
    clock.stall(50)
    expect([rung, clock.nextAtMs]).toEqual([[], 10])
    clock.pass(0)
    expect(rung).toEqual([50])
  })

  test('promises go on between timers when they are let', async () => {
    const clock = new FakeClock()
    const seen: string[] = []
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve))
    const walk = async (): Promise<void> => {
      for (let step = 1; step <= 3; step += 1) {
        await sleep(10)
        seen.push(`${step} at ${clock.nowMs}`)
      }
    }
    const walked = walk()
    await clock.passAndSettle(25)
    expect(seen).toEqual(['1 at 10', '2 at 20'])
    await clock.passAndSettle(5)
    await walked
    expect(seen.at(-1)).toBe('3 at 30')
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%s ms are refused', async (ms) => {
    const refused = expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' })
    const clock = new FakeClock()
    expect(() => new FakeClock({ startMs: ms })).toThrow(refused)
    expect(() => clock.pass(ms)).toThrow(refused)
    expect(() => clock.stall(ms)).toThrow(refused)
    await expect(clock.passAndSettle(ms)).rejects.toThrow(refused)
  })
})

test('a cache lives by it', async () => {
  const clock = new FakeClock()
  const cache = createCache({ ttl: '5m', clock })
  await cache.set('price', 1)
  clock.pass(299_999)
  expect(await cache.get('price')).toBe(1)
  clock.pass(1)
  expect(await cache.get('price')).toBe(undefined)
  await cache.close()
})
