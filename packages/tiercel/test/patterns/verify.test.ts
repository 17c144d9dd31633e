import { afterEach, expect, test } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/patterns/verify/create-verifier.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { GatedStore } from '../cache/gated-store.ts'
import { TestClock } from '../cache/test-clock.ts'

const open: { close(): Promise<void> }[] = []
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())))

function newCache(options: CacheOptions): Cache {
  const cache = createCache(options)
  open.push(cache)
  return cache
}

/** Checks all that it can. */
function verify(cache: Cache, options: VerifierOptions = {}): Verifier {
  const verifier = createVerifier(cache, { sample: 1, maxPerSecond: 10_000, concurrency: 1_000, ...options })
  open.push(verifier)
  return verifier
}

/** A process whose L1 hears nothing and believes itself for long, beside one that changes things. */
function deafPair(): { readonly deaf: Cache; readonly other: Cache; readonly clock: TestClock } {
  const clock = new TestClock()
  const l2 = memoryStore({ clock })
  const deaf = newCache({ namespace: 'n', l2: new GatedStore(l2, true), clock, coherence: { maxStaleness: '1m' } })
  return { deaf, other: newCache({ namespace: 'n', l2, clock, l1: false }), clock }
}

async function settled(verifier: Verifier, done: number): Promise<ReturnType<Verifier['report']>> {
  const sum = (): number => {
    const { checks, undecided, failed } = verifier.report()
    return checks + undecided + failed
  }
  await expect.poll(sum).toBe(done)
  return verifier.report()
}

test('an L1 that hears nothing is found out, with how long it was behind', async () => {
  const { deaf, other, clock } = deafPair()
  const verifier = verify(deaf)
  await other.set(['user', 'a:b'], 'old', { ttl: '1h' })
  await deaf.get(['user', 'a:b'])
  expect(await deaf.get(['user', 'a:b'])).toBe('old')
  expect(await settled(verifier, 1)).toMatchObject({ hits: 1, checks: 1, inconsistent: 0, consistency: 1 })
  await other.set(['user', 'a:b'], 'new', { ttl: '1h' })
  clock.passMs(3_000)
  expect(await deaf.get(['user', 'a:b'])).toBe('old')
  const report = await settled(verifier, 2)
  expect(report).toMatchObject({ checks: 2, inconsistent: 1, consistency: 0.5, staleForUnknown: 0 })
  expect(report.staleFor.filter(({ count }) => count > 0)).toEqual([{ upToMs: 5_000, count: 1 }])
  expect(report.examples).toEqual([
    { key: 'user:a%3Ab', atMs: expect.any(Number), staleForMs: expect.any(Number), reason: 'L2 had a newer version' },
  ])
  expect(report.examples[0]?.staleForMs).toBeGreaterThan(2_000)
  expect(report.nines).toBeCloseTo(Math.log10(3 / 2))
})

test.each([
  ['delete', (cache: Cache) => cache.delete('k'), 'L2 had nothing any more'],
  ['tag', (cache: Cache) => cache.invalidateTag('t'), 'tag "t" had been changed'],
  ['clear', (cache: Cache) => cache.clear(), 'the namespace had been changed'],
] as const)('a %s that was not heard of is found out', async (_, change, reason) => {
  const { deaf, other } = deafPair()
  const verifier = verify(deaf)
  await other.set('k', 'old', { tags: ['t'] })
  await deaf.get('k')
  await change(other)
  expect(await deaf.get('k')).toBe('old')
  const report = await settled(verifier, 1)
  expect(report).toMatchObject({ checks: 1, inconsistent: 1, staleForUnknown: 1 })
  expect(report.examples).toMatchObject([{ key: 'k', staleForMs: null, reason }])
})

test('a healthy cache has all the nines that can be shown', async () => {
  const l2 = memoryStore()
  const cache = newCache({ l2 })
  const other = newCache({ l2, l1: false })
  const verifier = verify(cache)
  for (let round = 0; round < 200; round += 1) {
    const key = `k${round % 7}`
    if (round % 3 === 0) await other.set(key, round, { tags: ['t'] })
    if (round % 29 === 0) await other.invalidateTag('t')
    if (round % 31 === 0) await other.delete(key)
    await cache.get(key)
    await cache.get(key)
  }
  await verifier.close()
  const report = verifier.report()
  expect(report).toMatchObject({ inconsistent: 0, consistency: 1, failed: 0, examples: [] })
  expect(report.checks).toBeGreaterThan(20)
  expect(report.nines).toBeCloseTo(Math.log10(report.checks + 1))
})

test('against the source values are compared, of both tiers', async () => {
  const source = new Map<string, unknown>([['a', { n: 1 }]])
  const cache = newCache({ l2: memoryStore(), namespace: 'n' })
  const verifier = verify(cache, { load: ([key]) => source.get(String(key)) })
  await cache.set('a', { n: 1 })
  await cache.get('a')
  await settled(verifier, 1)
  source.set('a', { n: 2 })
  await cache.get('a')
  const report = await settled(verifier, 2)
  expect(report).toMatchObject({ checks: 2, inconsistent: 1, staleForUnknown: 1 })
  expect(report.examples).toMatchObject([{ key: 'a', reason: 'the source had another value' }])
  expect(JSON.stringify(report)).not.toContain('"n"')

  const failing = verify(cache, { load: () => Promise.reject(new Error('away')) })
  await cache.get('a')
  expect(await settled(failing, 1)).toMatchObject({ checks: 0, failed: 1, consistency: 1, nines: 0 })
})

test('what is not its namespace, stale on purpose, not chosen or beyond its budget is not checked', async () => {
  const clock = new TestClock()
  const cache = newCache({ clock })
  const chances = [0.9, 0.1, 0.1]
  const verifier = verify(cache, { sample: 0.5, maxPerSecond: 1, random: () => chances.shift() ?? 0.9 })
  await cache.set('k', 1, { ttl: '1s', grace: '1m' })
  await cache.namespace('inner').set('k', 1)
  await cache.namespace('inner').get('k')
  for (let i = 0; i < 3; i += 1) {
    await cache.get('k')
    await settled(verifier, i === 0 ? 0 : 1)
  }
  clock.passMs(2_000)
  await cache.get('k')
  expect(verifier.report()).toMatchObject({ hits: 3, checks: 0, undecided: 1, skipped: 1 })
  await verifier.close()
  await verifier.close()
  await cache.set('k', 1)
  await cache.get('k')
  expect(verifier.report().hits).toBe(3)
})

test('options that are not allowed', () => {
  const cache = newCache({})
  const create = (options: object) => () => createVerifier(cache, options)
  expect(create({ sample: 2 })).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  expect(create({ maxPerSecond: 0 })).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  expect(create({ isEqual: 1 })).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  expect(create({ load: 1 })).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_LOADER' }))
  expect(create({ rate: 1 })).toThrow(expect.objectContaining({ code: 'TIERCEL_UNKNOWN_OPTION' }))
})
