import { describe, expect, test } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { describeExplanation } from '../../src/cache/explain/describe-explanation.ts'
import type { ExplainedTag, Explanation } from '../../src/cache/explain/explanation.ts'
import type { SetOptions } from '../../src/cache/options.ts'
import { aesGcm } from '../../src/codecs/aes-gcm.ts'
import { encodeFailure, newLease } from '../../src/codecs/marks.ts'
import { gzip } from '../../src/codecs/zlib-compressions.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import type { Key } from '../../src/kernel/key.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { deferred } from './deferred.ts'
import { eventLog } from './event-log.ts'
import { GatedStore } from './gated-store.ts'
import { closedAfterEach } from './owned.ts'
import { TestClock } from './test-clock.ts'

const owned = closedAfterEach()
const newCache = (options: CacheOptions = {}): Cache => owned(createCache(options))

/** Two processes on one server, in a time that stands still. */
function two(options: CacheOptions = {}): { readonly a: Cache; readonly b: Cache; readonly l2: Store; readonly clock: TestClock } {
  const clock = new TestClock()
  const l2 = memoryStore({ clock })
  return { a: newCache({ l2, clock, ...options }), b: newCache({ l2, clock, l1: false, ...options }), l2, clock }
}

/** Stores and reads, so that what the store told of the write itself is behind us. */
async function put(cache: Cache, key: Key, value: unknown, options: SetOptions = {}): Promise<void> {
  await cache.set(key, value, options)
  await cache.get(key)
  await cache.get(key)
}

function tagOf(explanation: Explanation, name: string, tier: 'l1' | 'l2' = 'l2'): ExplainedTag | undefined {
  const found = explanation[tier]
  return found.kind === 'value' ? found.tags.find((tag) => tag.name === name) : undefined
}

test('a fresh value in both tiers, in full', async () => {
  const { a, clock } = two({ namespace: 'shop' })
  await put(a, ['product', '7:x'], { secret: 'value' }, { ttl: '10s', grace: '1m', tags: [['category', 3]] })
  clock.passMs(4_000)
  const told = await a.explain(['product', '7:x'])
  expect(told).toMatchObject({
    namespace: 'shop',
    key: 'product:7%3Ax',
    storedKey: 'tc1:e:shop:product:7%3Ax',
    verdict: 'get and getOrSet serve the copy in L1, fresh for another 6 s.',
    serves: { tier: 'l1', age: 'fresh' },
    l1: {
      kind: 'value',
      age: 'fresh',
      ageMs: 4_000,
      ttlLeftMs: 6_000,
      graceLeftMs: 60_000,
      doubts: [],
      checkedMsAgo: 4_000,
      keptForMs: 66_000,
    },
    l2: {
      kind: 'value',
      content: 'value',
      age: 'fresh',
      ageMs: 4_000,
      ttlLeftMs: 6_000,
      graceLeftMs: 60_000,
      serverTtlMs: 66_000,
      isMarkedStale: false,
      codec: 1,
      compression: 0,
      isSealed: false,
    },
    link: { isUp: true, provenMsAgo: 0, boundMs: 1_000 },
    isQueued: false,
    isLoading: false,
    isChanging: false,
  })
  if (told.l1.kind !== 'value' || told.l2.kind !== 'value') throw new Error('no values')
  expect(told.l1.version).toMatch(/^[\da-f]{24}$/)
  expect(told.l2.version).toBe(told.l1.version)
  expect(told.l2.sizeBytes).toBeGreaterThan(62)
  expect(told.l2.tags.map(({ name, state, here }) => [name, state, here])).toEqual([
    ['', 'same', 'same'],
    ['category:3', 'same', 'same'],
  ])
  expect(told.l2.tags[1]).toMatchObject({ storedKey: 'tc1:t:{shop:}category:3', carried: told.l2.tags[1]?.now })
  expect(told.l2.tags[1]?.carried?.hard).toMatch(/^[\da-f]{24}$/)
  expect(told.l1.tags).toEqual(told.l2.tags)
  expect(JSON.stringify(told)).not.toMatch(/secret|"value":/)
  expect(JSON.parse(JSON.stringify(told))).toEqual(told)
})

test('it costs two round trips and leaves nothing behind', async () => {
  const { b, l2: inner } = two()
  await b.set('k', 1, { tags: ['t', 'u'] })
  const l2 = new GatedStore(inner)
  const cache = newCache({ l2 })
  const log = eventLog(cache)
  const before = cache.stats()
  expect((await cache.explain('k')).serves).toEqual({ tier: 'l2', age: 'fresh' })
  expect((await cache.explain('k')).l1).toEqual({ kind: 'nothing' })
  expect(cache.stats()).toEqual(before)
  expect(log).toEqual([])
  expect(l2.calls).toEqual(['get', 'get', 'get', 'get', 'get', 'get', 'get', 'get'])
})

test('a stale value, and one that is over', async () => {
  const { a, b, clock } = two()
  await put(a, 'k', 1, { ttl: '10s', grace: '20s' })
  clock.passMs(15_000)
  for (const [cache, tier] of [[a, 'l2'] as const, [b, 'l2'] as const]) {
    const told = await cache.explain('k')
    expect(told).toMatchObject({ serves: { tier, age: 'stale' }, l2: { age: 'stale', ttlLeftMs: 0, graceLeftMs: 15_000 } })
    expect(told.verdict).toBe('get serves what L2 has, stale for another 15 s; getOrSet does too and loads it anew.')
  }
  clock.passMs(15_000)
  expect(await a.explain('k')).toMatchObject({
    serves: null,
    l1: { kind: 'value', age: 'dead', doubts: ['ended'] },
    l2: { kind: 'nothing' },
  })
})

test('one that was expired by hand', async () => {
  const { a, b } = two()
  await a.set('k', 1, { grace: '20s' })
  await a.expire('k')
  expect(await b.explain('k')).toMatchObject({ serves: { age: 'stale' }, l2: { isMarkedStale: true, ttlLeftMs: 0 } })
  await a.set('k', 1)
  await a.expire('k')
  expect(await b.explain('k')).toMatchObject({ serves: null, l2: { isMarkedStale: true, age: 'dead' } })
})

test('nothing, null and absent', async () => {
  const { a } = two()
  expect(await a.explain('k')).toMatchObject({
    verdict: 'get finds nothing and getOrSet loads: L2 has nothing.',
    serves: null,
    l1: { kind: 'nothing' },
    l2: { kind: 'nothing' },
  })
  await a.set('k', null)
  expect((await a.explain('k')).l2).toMatchObject({ content: 'null' })
  await a.getOrSet('none', (context) => context.absent())
  await a.idle()
  expect((await a.explain('none')).l2).toMatchObject({ content: 'absent' })
})

describe('a tag', () => {
  test('that another process has invalidated, before and after this one asks', async () => {
    const { a, b } = two()
    await put(a, 'k', 1, { tags: ['t'] })
    await b.invalidateTag('t')
    const told = await a.explain('k')
    expect(told).toMatchObject({ serves: null, l1: { doubts: ['tag'] } })
    expect(told.verdict).toBe('get finds nothing and getOrSet loads: tag "t" was invalidated.')
    expect([tagOf(told, 't')?.state, tagOf(told, 't')?.now, tagOf(told, '')?.state]).toEqual(['missing', null, 'same'])
    expect(await a.get('k')).toBeUndefined()
    await b.set('other', 1, { tags: ['t'] })
    expect(tagOf(await a.explain('k'), 't')?.state).toBe('other')
  })

  test('that was expired', async () => {
    const { a, b } = two()
    await put(a, 'k', 1, { tags: ['t'], grace: '1m' })
    await a.set('short', 1, { tags: ['t'] })
    await b.expireTag('t')
    const told = await b.explain('k')
    expect(told.verdict).toMatch(/^get serves what L2 has, of which tag "t" was expired, stale for/)
    expect([told.serves, tagOf(told, 't')?.state]).toEqual([{ tier: 'l2', age: 'stale' }, 'expired'])
    expect((await a.explain('k')).serves).toEqual({ tier: 'l1', age: 'stale' })
    expect((await b.explain('short')).serves).toBeNull()
  })

  test('whose change was not heard of: this process still serves its copy, and says so', async () => {
    const clock = new TestClock()
    const l2 = memoryStore({ clock })
    const deaf = newCache({ l2: new GatedStore(l2, true), clock, coherence: { maxStaleness: '10s' } })
    const b = newCache({ l2, clock, l1: false })
    await deaf.set('k', 'old', { tags: ['t'] })
    await b.clear()
    const told = await deaf.explain('k')
    expect(told.serves).toEqual({ tier: 'l1', age: 'fresh' })
    expect(told.verdict).toMatch(/though the namespace was changed and this process has not heard of it yet/)
    expect(tagOf(told, '', 'l1')).toMatchObject({ state: 'missing', here: 'same' })
    expect(told.link).toMatchObject({ isUp: false, provenMsAgo: null })
    clock.passMs(10_001)
    expect(await deaf.explain('k')).toMatchObject({ serves: null, l1: { doubts: ['unproven'] } })
    expect(await deaf.get('k')).toBeUndefined()
  })

  test('that is being changed', async () => {
    const { a, b } = two()
    await a.set('k', 1, { tags: ['t'] })
    const change = deferred<undefined>()
    const changing = b.mutate({ tags: ['t'] }, () => change.promise)
    await expect.poll(async () => tagOf(await b.explain('k'), 't')?.state).toBe('fenced')
    const told = await a.explain('k')
    expect([told.serves, told.verdict]).toEqual([null, expect.stringContaining('what tag "t" stands for is being changed')])
    change.resolve(undefined)
    await changing
  })
})

test('what was told of is served once L2 has confirmed it', async () => {
  const { a, b, l2 } = two()
  await put(a, 'k', 1)
  const bytes = (await l2.get('tc1:e::k')) as Buffer
  await l2.setMany([{ key: 'tc1:e::k', value: bytes, ttlMs: 60_000 }])
  await expect.poll(async () => (await a.explain('k')).l1).toMatchObject({ doubts: ['pushed'] })
  const told = await a.explain('k')
  expect(told.serves).toEqual({ tier: 'l1', age: 'fresh' })
  expect(told.verdict).toMatch(/once L2 has confirmed its version, which it does now \(a change was told of\)/)
  await b.set('k', 2)
  const newer = await a.explain('k')
  expect(newer.serves).toEqual({ tier: 'l2', age: 'fresh' })
  expect(newer.l1.kind === 'value' && newer.l2.kind === 'value' && newer.l1.version !== newer.l2.version).toBe(true)
})

test('a lease, an error, a fence, and what cannot be used', async () => {
  const { a, l2 } = two()
  const store = (key: string, value: Buffer) => l2.setMany([{ key: `tc1:e::${key}`, value, ttlMs: 5_000 }])
  await store('lease', newLease(10_000))
  expect(await a.explain('lease')).toMatchObject({
    serves: null,
    verdict: expect.stringMatching(/getOrSet waits for that, at most 5 s/),
    l2: { kind: 'lease', lengthMs: 10_000, serverTtlMs: 5_000 },
  })
  await store('error', encodeFailure({ name: 'TypeError', message: 'no' }))
  expect((await a.explain('error')).l2).toMatchObject({ kind: 'error', name: 'TypeError', message: 'no' })
  await store('garbage', Buffer.from('garbage'))
  expect((await a.explain('garbage')).l2).toMatchObject({ kind: 'unusable', reason: 'not-an-entry', sizeBytes: 7 })
  const owner = Buffer.from('abcdefghijkl')
  await l2.fence({ keys: ['tc1:e::fence'], op: 'open', owner, forMs: 3_000, ttlMs: 1 })
  expect(await a.explain('fence')).toMatchObject({
    verdict: expect.stringMatching(/its source is being changed, for another 3 s at most/),
    l2: { kind: 'fence', isContended: false, owners: [{ owner: owner.toString('hex'), leftMs: 3_000 }] },
  })
})

test('what is under way in this process', async () => {
  const { a } = two()
  const loaded = deferred<number>()
  const loading = a.getOrSet('k', () => loaded.promise)
  await expect.poll(async () => (await a.explain('k')).l2.kind).toBe('lease')
  expect(await a.explain('k')).toMatchObject({ isLoading: true, isChanging: false })
  loaded.resolve(1)
  await loading
  await a.idle()
  await a.mutate('k', async () => expect(await a.explain('k')).toMatchObject({ isChanging: true, l2: { kind: 'fence' } }))
})

test('an invalidation that is queued, and a server that is away', async () => {
  const clock = new TestClock()
  const l2 = new GatedStore(memoryStore({ clock }))
  const a = newCache({ l2, clock, l1: false })
  await a.set('k', 1)
  l2.fail('fence', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'gone'))
  l2.fail('deleteMany', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'gone'))
  expect(await a.delete('k')).toBe('queued')
  expect(await a.explain('k')).toMatchObject({
    isQueued: true,
    serves: null,
    verdict: expect.stringMatching(/this process has invalidated it/),
    l2: { kind: 'value' },
  })
  l2.fail('get', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'gone'))
  expect(await a.explain('k')).toMatchObject({ serves: null, l2: { kind: 'away', code: 'TIERCEL_STORE_UNAVAILABLE', message: 'gone' } })
  l2.mend()
})

test('a server that is away while L1 may stand in', async () => {
  const clock = new TestClock()
  const l2 = new GatedStore(memoryStore({ clock }), true)
  const a = newCache({ l2, clock, coherence: { maxStaleness: '1s', onDisconnect: { serveStaleFor: '1m' } } })
  await a.set('k', 1)
  clock.passMs(2_000)
  l2.fail('get', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'gone'))
  l2.fail('getHead', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'gone'))
  expect(await a.explain('k')).toMatchObject({ serves: { tier: 'l1' }, verdict: expect.stringMatching(/because L2 cannot be asked/) })
  expect(await a.get('k')).toBe(1)
  clock.passMs(60_000)
  expect(await a.explain('k')).toMatchObject({ serves: null })
  expect(await a.get('k')).toBeUndefined()
})

test('formats', async () => {
  const { l2 } = two()
  const secret = Buffer.alloc(32, 7)
  const sealed = newCache({ l2, l1: false, compression: [gzip({ minBytes: 1 })], encryption: aesGcm({ keys: [{ id: 1, secret }] }) })
  await sealed.set('k', 'x'.repeat(1_000))
  expect((await sealed.explain('k')).l2).toMatchObject({ kind: 'value', compression: 1, isSealed: true })
  expect(await newCache({ l2, l1: false }).explain('k')).toMatchObject({
    serves: null,
    l2: { kind: 'unusable', reason: 'unknown-key', codec: 1, compression: 1 },
  })
  const plain = newCache({ l2, l1: false, format: 'plain', namespace: 'plain' })
  await plain.set('k', 1, { ttl: '10s' })
  const told = await plain.explain('k')
  expect(told).toMatchObject({ serves: { tier: 'l2', age: 'fresh' }, l2: { version: null, ageMs: null, tags: [], sizeBytes: 1 } })
})

test('without L2', async () => {
  const clock = new TestClock()
  const cache = newCache({ clock })
  await cache.set('k', 1, { ttl: '10s', grace: '10s', tags: ['t'] })
  expect(await cache.explain('k')).toMatchObject({ serves: { tier: 'l1', age: 'fresh' }, l1: { version: null }, l2: { kind: 'off' } })
  clock.passMs(11_000)
  expect((await cache.explain('k')).serves).toEqual({ tier: 'l1', age: 'stale' })
  await cache.invalidateTag('t')
  const told = await cache.explain('k')
  expect(told.verdict).toBe('get finds nothing and getOrSet loads: tag "t" was invalidated, and there is no L2.')
  expect(await newCache({ l2: memoryStore(), l1: false }).explain('k')).toMatchObject({ l1: { kind: 'off' } })
})

test('as text', async () => {
  const { a } = two({ namespace: 'shop' })
  await put(a, 'k', 1, { ttl: '10s', tags: ['t'] })
  const text = describeExplanation(await a.explain('k')).replaceAll(/[\da-f]{24}/g, 'HEX')
  expect(text).toBe(
    [
      'tc1:e:shop:k',
      'get and getOrSet serve the copy in L1, fresh for another 10 s.',
      'L1: fresh, version HEX, 116 bytes, 0 ms old, ttl 10 s, grace 0 ms, checked 0 ms ago, not doubted',
      '  namespace: same, here same, carries HEX/HEX',
      '  tag "t": same, here same, carries HEX/HEX',
      'L2: fresh, version HEX, 116 bytes, 0 ms old, ttl 10 s, grace 0 ms, codec 1, the server drops it in 10 s',
      '  namespace: same, here same, carries HEX/HEX',
      '  tag "t": same, here same, carries HEX/HEX',
      'link: up, proven 0 ms ago, bound 1 s',
    ].join('\n'),
  )
  const other = await newCache({ l1: false, l2: memoryStore() }).explain('k')
  expect(describeExplanation(other)).toMatch(/L1: off\nL2: nothing\nlink: down, not proven, bound 1 s$/)
})

test('what is not allowed', async () => {
  const cache = createCache()
  await expect(cache.explain('')).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
  await cache.close()
  await expect(cache.explain('k')).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
})
