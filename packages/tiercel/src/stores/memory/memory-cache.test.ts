import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TiercelError } from '../../kernel/errors.ts'
import type { RemovalCause } from './arena.ts'
import { createMemoryCache, type MemoryCacheOptions } from './memory-cache.ts'

class FakeClock {
  nowMs = 0
  monotonicMs(): number {
    return this.nowMs
  }
}

describe('get and set', () => {
  test('what was stored is there, until it is deleted', () => {
    const cache = createMemoryCache<string, number | null>({ maxEntries: 100 })
    expect(cache.get('a')).toBeUndefined()
    expect(cache.set('a', 1)).toBe(true)
    cache.set('a', 2)
    cache.set('none', null)
    expect([cache.get('a'), cache.get('none'), cache.has('none'), cache.has('b'), cache.size]).toEqual([2, null, true, false, 2])
    expect([cache.delete('a'), cache.delete('a'), cache.get('a'), cache.size]).toEqual([true, false, undefined, 1])
    cache.clear()
    expect([cache.size, cache.sizeBytes]).toEqual([0, 0])
  })

  test('a number and its text are two keys', () => {
    const cache = createMemoryCache<string | number, string>({ maxEntries: 100 })
    cache.set(1, 'number')
    cache.set('1', 'text')
    expect([cache.get(1), cache.get('1'), cache.size]).toEqual(['number', 'text', 2])
  })

  test.each(['w-tinylfu', 'lru'] as const)('%s: a new key is always there to be read', (policy) => {
    const cache = createMemoryCache({ maxEntries: 100, policy, seed: 1 })
    for (let key = 0; key < 100; key += 1) cache.set(`hot:${key}`, key)
    for (let read = 0; read < 10; read += 1) for (let key = 0; key < 100; key += 1) cache.get(`hot:${key}`)
    for (let key = 0; key < 1_000; key += 1) {
      cache.set(`new:${key}`, key)
      expect(cache.get(`new:${key}`)).toBe(key)
    }
  })

  test('iterates over what is live, also while it changes', () => {
    const clock = new FakeClock()
    const cache = createMemoryCache<string, number>({ maxEntries: 100, clock })
    for (let key = 0; key < 10; key += 1) cache.set(`${key}`, key, key === 3 ? { ttl: 5 } : {})
    clock.nowMs = 5
    const seen: number[] = []
    for (const [key, value] of cache) {
      seen.push(value)
      cache.delete(key)
      cache.delete(`${value + 1}`)
    }
    expect(seen).toEqual([0, 2, 4, 6, 8])
    expect(cache.size).toBe(0)
  })
})

describe('time', () => {
  test('an entry is there until its ttl is over, its own before the cache’s', () => {
    const clock = new FakeClock()
    const cache = createMemoryCache<string, number>({ maxEntries: 100, ttl: '1s', clock })
    cache.set('a', 1)
    cache.set('b', 2, { ttl: 500 })
    clock.nowMs = 499.5
    expect([cache.get('a'), cache.get('b')]).toEqual([1, 2])
    clock.nowMs = 500
    expect([cache.get('a'), cache.has('b'), cache.get('b')]).toEqual([1, false, undefined])
    expect(cache.size).toBe(1)
  })

  test.each(['w-tinylfu', 'lru'] as const)('%s: what has run out leaves before anybody else', (policy) => {
    const clock = new FakeClock()
    const gone: [string, RemovalCause][] = []
    const cache = createMemoryCache<string, number>({
      maxEntries: 100,
      policy,
      clock,
      seed: 1,
      onEvict: (key, _, cause) => gone.push([key, cause]),
    })
    for (let key = 0; key < 50; key += 1) cache.set(`long:${key}`, key)
    for (let key = 0; key < 50; key += 1) cache.set(`short:${key}`, key, { ttl: '1m' })
    for (let key = 0; key < 50; key += 1) cache.get(`short:${key}`)
    clock.nowMs = 60_000
    for (let key = 0; key < 50; key += 1) cache.set(`new:${key}`, key)
    expect(gone.every(([key, cause]) => key.startsWith('short:') && cause === 'expired')).toBe(true)
    expect([gone.length, cache.size, cache.evictions]).toEqual([50, 100, 0])
  })

  test('a write removes a few that have run out, not all at once', () => {
    const clock = new FakeClock()
    const cache = createMemoryCache<number, number>({ maxEntries: 100_000, ttl: '1m', clock })
    for (let key = 0; key < 50_000; key += 1) cache.set(key, key)
    clock.nowMs = 60_000
    cache.set(-1, 0)
    expect(cache.size).toBe(50_001 - 8)
    for (let key = 1; key <= 6_250; key += 1) cache.set(-1, key)
    expect(cache.size).toBe(1)
  })
})

describe('size', () => {
  test('counts bytes of keys and encoded values, or what sizeOf or the call says', () => {
    const cache = createMemoryCache<string, unknown>({ maxBytes: '1kb' })
    cache.set('k', 'täxt')
    expect(cache.sizeBytes).toBe(6)
    cache.set('k', { a: 1 })
    expect(cache.sizeBytes).toBe(8)
    cache.set('k', new Uint8Array(100))
    expect(cache.sizeBytes).toBe(101)
    cache.set('k', 1n, { sizeBytes: 16 })
    expect(cache.sizeBytes).toBe(16)
    expect(thrownBy(() => cache.set('k', 1n))).toBe('TIERCEL_UNSERIALIZABLE_VALUE')
    expect(createMemoryCache({ maxEntries: 10 }).sizeBytes).toBe(0)
  })

  test('what is larger than everything is not kept, nor what it would have replaced; both are told', () => {
    const told: unknown[] = []
    const cache = createMemoryCache<string, string>({ maxBytes: 100, sizeOf: (text) => text.length, onEvict: (...gone) => told.push(gone) })
    cache.set('key', 'small')
    const large = 'x'.repeat(101)
    expect(cache.set('key', large)).toBe(false)
    expect([cache.get('key'), cache.size, cache.sizeBytes]).toEqual([undefined, 0, 0])
    expect(told).toEqual([
      ['key', 'small', 'replaced'],
      ['key', large, 'evicted'],
    ])
  })

  test('a large newcomer must outweigh all those together whom it would displace', () => {
    const cache = createMemoryCache<string, number>({ maxBytes: 1_000, sizeOf: () => 10, seed: 1 })
    for (let round = 0; round < 4; round += 1)
      for (let key = 0; key < 90; key += 1) if (cache.get(`hot:${key}`) === undefined) cache.set(`hot:${key}`, key)
    for (let key = 0; key < 50; key += 1) {
      cache.set(`large:${key}`, key, { sizeBytes: 200 })
      expect(cache.get(`large:${key}`)).toBe(key)
      cache.set(`small:${key}`, key)
    }
    const kept = Array.from({ length: 90 }, (_, key) => cache.has(`hot:${key}`)).filter(Boolean).length
    expect(kept).toBeGreaterThan(60)
  })
})

describe('the listener', () => {
  test('hears each cause once', () => {
    const clock = new FakeClock()
    const causes: string[] = []
    const cache = createMemoryCache<string, number>({
      maxEntries: 2,
      clock,
      onEvict: (key, value, cause) => causes.push(`${key}=${value} ${cause}`),
    })
    cache.set('a', 1)
    cache.set('a', 2)
    cache.delete('a')
    cache.set('b', 1, { ttl: 10 })
    clock.nowMs = 10
    cache.get('b')
    for (const key of ['c', 'd', 'e']) cache.set(key, 1)
    cache.clear()
    expect(causes).toEqual(['a=1 replaced', 'a=2 deleted', 'b=1 expired', 'c=1 evicted', 'd=1 cleared', 'e=1 cleared'])
  })

  test('may change the cache, and may throw', () => {
    const told: string[] = []
    const cache = createMemoryCache<string, number>({
      maxEntries: 3,
      onEvict(key, value, cause) {
        told.push(`${key} ${cause}`)
        if (value < 2) cache.set(`${key}'`, value + 1)
        cache.delete('c')
        if (key === 'a') cache.clear()
        throw new Error('mine')
      },
    })
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1)
    expect(told).toEqual(['a evicted', 'b evicted', 'c deleted', 'd cleared', "a' cleared"])
    expect(cache.size).toBeLessThanOrEqual(3)
    expect([...cache].length).toBe(cache.size)
  })
})

describe('options', () => {
  test.each([
    [{ maxEntries: 0 }, 'TIERCEL_INVALID_OPTION'],
    [{ maxEntries: 1.5 }, 'TIERCEL_INVALID_OPTION'],
    [{ maxBytes: 0 }, 'TIERCEL_INVALID_OPTION'],
    [{ maxBytes: Number.NaN }, 'TIERCEL_INVALID_OPTION'],
    [{ policy: 'fifo' }, 'TIERCEL_INVALID_OPTION'],
    [{ seed: -1 }, 'TIERCEL_INVALID_OPTION'],
    [{ sizeOf: 1 }, 'TIERCEL_INVALID_OPTION'],
    [{ onEvict: {} }, 'TIERCEL_INVALID_OPTION'],
    [{ ttl: 0 }, 'TIERCEL_INVALID_DURATION'],
    [{ max: 10 }, 'TIERCEL_UNKNOWN_OPTION'],
  ])('%o is refused', (options, code) => {
    expect(thrownBy(() => createMemoryCache(options as MemoryCacheOptions))).toBe(code)
  })

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, '1'])('a size of %s is refused, and nothing changes', (size) => {
    const cache = createMemoryCache<string, number>({ maxBytes: 100, sizeOf: () => size as number })
    expect(thrownBy(() => cache.set('a', 1))).toBe('TIERCEL_INVALID_OPTION')
    expect(thrownBy(() => cache.set('a', 1, { sizeBytes: size as number }))).toBe('TIERCEL_INVALID_OPTION')
    expect([cache.size, cache.sizeBytes]).toEqual([0, 0])
  })

  test('keys and values that cannot be kept are refused', () => {
    const cache = createMemoryCache<string, unknown>({ maxEntries: 10 })
    expect(thrownBy(() => cache.set('a', undefined))).toBe('TIERCEL_UNDEFINED_VALUE')
    expect(thrownBy(() => cache.set({} as string, 1))).toBe('TIERCEL_INVALID_KEY')
    expect(thrownBy(() => cache.set('a', 1, { ttl: -1 }))).toBe('TIERCEL_INVALID_DURATION')
    expect(thrownBy(() => cache.set('a', 1, { size: 1 } as object))).toBe('TIERCEL_UNKNOWN_OPTION')
  })

  test('the same seed keeps the same entries', () => {
    const kept = (seed: number): string => {
      const cache = createMemoryCache<string, number>({ maxEntries: 64, seed })
      let key = 1
      for (let request = 0; request < 20_000; request += 1) {
        key = (key * 48_271) % 2_147_483_647
        const name = `${key % 97 < 60 ? key % 60 : key % 1_000}`
        if (cache.get(name) === undefined) cache.set(name, request)
      }
      return [...cache].map(([name]) => name).join()
    }
    expect(kept(1)).toBe(kept(1))
    expect(kept(1)).not.toBe(kept(2))
  })
})

const key = fc.integer({ min: 0, max: 60 })
const step = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      verb: fc.constant('set' as const),
      key,
      sizeBytes: fc.integer({ min: 1, max: 60 }),
      ttl: fc.integer({ min: 1, max: 300 }),
    }),
  },
  { weight: 60, arbitrary: fc.record({ verb: fc.constant('get' as const), key }) },
  { weight: 10, arbitrary: fc.record({ verb: fc.constant('delete' as const), key }) },
  { weight: 10, arbitrary: fc.record({ verb: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 100 }) }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('clear' as const) }) },
)

/** A `Map` of all that was stored, from which the listener's word takes away what is gone. */
test.each(['w-tinylfu', 'lru'] as const)('%s: bounded after every call, and nothing is lost that nobody was told of', (policy) => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 50, maxLength: 400, size: 'max' }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 50, max: 1_000 }),
      (steps, maxEntries, maxBytes) => {
        const clock = new FakeClock()
        const model = new Map<number, { value: number; sizeBytes: number; endsAtMs: number }>()
        const cache = createMemoryCache<number, number>({
          maxEntries,
          maxBytes,
          policy,
          clock,
          seed: 1,
          onEvict(gone, value, cause) {
            if (cause === 'replaced') return
            expect(model.get(gone)?.value).toBe(value)
            if (cause === 'expired') expect(model.get(gone)?.endsAtMs).toBeLessThanOrEqual(clock.nowMs)
            model.delete(gone)
          },
        })
        steps.forEach((now, value) => {
          if (now.verb === 'pass') clock.nowMs += now.ms
          else if (now.verb === 'clear') cache.clear()
          else if (now.verb === 'delete') cache.delete(now.key)
          else if (now.verb === 'get') {
            const known = model.get(now.key)
            expect(cache.get(now.key)).toBe(known !== undefined && known.endsAtMs > clock.nowMs ? known.value : undefined)
          } else {
            model.delete(now.key)
            model.set(now.key, { value, sizeBytes: now.sizeBytes, endsAtMs: clock.nowMs + now.ttl })
            const isKept = cache.set(now.key, value, { sizeBytes: now.sizeBytes, ttl: now.ttl })
            expect(isKept).toBe(now.sizeBytes <= maxBytes)
            expect(cache.peek(now.key)).toBe(isKept ? value : undefined)
          }
          expect(cache.size).toBeLessThanOrEqual(maxEntries)
          expect(cache.sizeBytes).toBeLessThanOrEqual(maxBytes)
          expect(cache.size).toBe(model.size)
          expect(cache.sizeBytes).toBe([...model.values()].reduce((sum, entry) => sum + entry.sizeBytes, 0))
        })
        const live = [...model].filter(([, entry]) => entry.endsAtMs > clock.nowMs).map(([name, entry]) => [name, entry.value])
        expect(new Map([...cache])).toEqual(new Map(live as [number, number][]))
      },
    ),
    { numRuns: 60 },
  )
})

function thrownBy(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    return TiercelError.is(error) ? error.code : String(error)
  }
}
