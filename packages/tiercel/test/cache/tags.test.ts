import { describe, expect, test, vi } from 'vitest'
import type { Cache, LoadContext } from '../../src/cache/cache.ts'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { deferred } from './deferred.ts'
import { eventLog } from './event-log.ts'
import { GatedStore } from './gated-store.ts'
import { closedAfterEach } from './owned.ts'
import { TestClock } from './test-clock.ts'
import { tiers } from './tiers.ts'

const owned = closedAfterEach()
const newCache = (options: CacheOptions = {}): Cache => owned(createCache(options))

/** Two processes on one server, the second without an L1. */
function pair(options: CacheOptions = {}): { readonly a: Cache; readonly b: Cache; readonly l2: Store } {
  const l2 = memoryStore()
  return { a: newCache({ l2, ...options }), b: newCache({ l2, l1: false, ...options }), l2 }
}

describe.each(tiers)('%s', (_, create) => {
  function counted(cache: Cache): (key: string, tags?: readonly string[]) => Promise<string> {
    let loads = 0
    return (key, tags = []) => cache.getOrSet(key, () => `${key} ${++loads}`, { tags })
  }

  test('a tag takes all that carries it, and nothing else', async () => {
    const cache = owned(create())
    const load = counted(cache)
    await load('a', ['red', 'round'])
    await load('b', ['red'])
    await load('c', ['blue'])
    await load('d')
    await cache.idle()
    expect(await cache.invalidateTag('red')).toBe('applied')
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => cache.get(key)))).toEqual([undefined, undefined, 'c 3', 'd 4'])
    expect(await load('a', ['red', 'round'])).toBe('a 5')
    await cache.idle()
    expect(await load('a', ['red', 'round'])).toBe('a 5')
    await cache.invalidateTags(['round', 'blue'])
    expect(await Promise.all(['a', 'c', 'd'].map((key) => cache.get(key)))).toEqual([undefined, undefined, 'd 4'])
    expect(cache.stats().tagsInvalidated).toBe(3)
  })

  test('clear takes a namespace, not those beside or within it', async () => {
    const cache = owned(create())
    const inner = cache.namespace('inner')
    await Promise.all([cache.set('k', 1, { tags: ['t'] }), inner.set('k', 2, { tags: ['t'] })])
    await inner.invalidateTag('t')
    expect([await cache.get('k'), await inner.get('k')]).toEqual([1, undefined])
    await inner.set('k', 2)
    expect(await cache.clear()).toBe('applied')
    expect([await cache.get('k'), await inner.get('k')]).toEqual([undefined, 2])
  })

  test('an expired tag makes values stale: served within their grace, refreshed behind', async () => {
    const cache = owned(create())
    await cache.set('kept', 'old', { tags: ['t'], grace: '1h' })
    await cache.set('gone', 'old', { tags: ['t'] })
    await cache.set('other', 'old', { tags: ['u'], grace: '1h' })
    expect(await cache.expireTag('t')).toBe('applied')
    expect(await cache.getOrSet('kept', () => 'new', { tags: ['t'], grace: '1h' })).toBe('old')
    await cache.idle()
    expect(await cache.get('kept')).toBe('new')
    expect(await cache.get('gone')).toBeUndefined()
    expect(await cache.getOrSet('other', () => 'new')).toBe('old')
    await cache.expireTags(['u'])
    expect(await cache.getOrSet('other', () => 'new', { forceFresh: true })).toBe('new')
  })

  test('tags may come from the value, from the loader, and from both', async () => {
    const cache = owned(create())
    const row = { category: 7 }
    const load = async (): Promise<void> => {
      // The first time a tag is used, it may have been invalidated during the load, for all that is known.
      for (let time = 0; time < 2; time += 1) {
        await cache.getOrSet('value', () => row, { tags: (value) => [['category', value.category]] })
        await cache.getOrSet('loader', (context: LoadContext) => {
          context.setTags([['category', row.category]])
          return 1
        })
        await cache.idle()
      }
    }
    await load()
    expect([await cache.get('value'), await cache.get('loader')]).toEqual([row, 1])
    await cache.invalidateTag('category:7')
    expect([await cache.get('value'), await cache.get('loader')]).toEqual([undefined, undefined])
  })

  test('no text reaches another tag', async () => {
    const cache = owned(create())
    const names = ['*', 'a:b', '{a}', '__proto__', 'a\nb', '', '%', 'toString', 'a', '😀', '?', '[a-z]']
    for (const [at, name] of names.entries()) await cache.set(['k', at], at, { tags: [['user', name]] })
    for (const [at, name] of names.entries()) {
      await cache.invalidateTag(['user', name])
      expect(await cache.getMany(names.map((_, key) => ['k', key]))).toEqual(names.map((_, key) => (key <= at ? undefined : key)))
    }
  })

  test('what is not allowed is refused before anything is done', async () => {
    const cache = owned(create())
    await cache.set('k', 1, { tags: ['t'] })
    const load = vi.fn(() => 1)
    await expect(cache.invalidateTag('')).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    await expect(cache.invalidateTags(['t', 'a{b}'])).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    await expect(cache.invalidateTags('t' as never)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    await expect(cache.getOrSet('new', load, { tags: ['a b', 5 as never] })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    await expect(cache.getOrSet('new', load, { tags: 't' as never })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    await expect(cache.set('new', 1, { tags: [['x'.repeat(1_001)]] })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    const many = Array.from({ length: 101 }, (_, at) => `t${at}`)
    await expect(cache.set('new', 1, { tags: many })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    expect(load).not.toHaveBeenCalled()
    expect(await cache.get('k')).toBe(1)
  })
})

test('a read that takes longer than the bound is not shared after it', async () => {
  const clock = new TestClock()
  const inner = memoryStore()
  const b = newCache({ l2: inner, clock })
  await b.set('k', 'old')
  const deaf = new GatedStore(inner, true)
  const a = newCache({ l2: deaf, clock, coherence: { maxStaleness: 50 } })
  const late = deaf.hold('get', 'after')
  const before = a.get('k')
  await b.set('k', 'new')
  const within = a.get('k')
  clock.passMs(80)
  const after = a.get('k')
  late()
  expect([await before, await within, await after]).toEqual(['old', 'old', 'new'])
})

describe('who shares a question is served nothing older than if he had asked himself', () => {
  const maxStaleness = 1_000
  /** Two processes, of which the first hears of nothing: it trusts what it has asked for so long. What both entries carry is invalidated 100 ms later. */
  async function deafPair(clock: TestClock) {
    const inner = memoryStore()
    const b = newCache({ l2: inner, clock })
    for (const key of ['known', 'k', 'other']) await b.set(key, 'old', { tags: ['t'] })
    const l2 = new GatedStore(inner, true)
    return { a: newCache({ l2, clock, coherence: { maxStaleness } }), b, l2 }
  }

  const asks: readonly (readonly [string, (cache: Cache) => Promise<unknown>])[] = [
    ['get', (cache) => cache.get('k').then((value) => value ?? 'new')],
    ['getOrSet', (cache) => cache.getOrSet('k', () => 'new')],
  ]

  test.each(asks)('%s: what is known of a tag has to be young enough for the last of them', async (_, ask) => {
    const clock = new TestClock()
    const { a, b, l2 } = await deafPair(clock)
    expect(await a.get('known')).toBe('old')
    clock.passMs(100)
    await b.invalidateTag('t')
    clock.passMs(700)
    const release = l2.hold('get', 'after')
    const first = ask(a)
    clock.passMs(800)
    const last = ask(a)
    release()
    expect([await first, await last]).toEqual(['new', 'new'])
  })

  test.each(asks)('%s: also for one who comes while another tag is asked for', async (_, ask) => {
    const clock = new TestClock()
    const { a, b, l2 } = await deafPair(clock)
    await b.set('k', 'old', { tags: ['t', 'u'] })
    expect(await a.get('known')).toBe('old')
    clock.passMs(100)
    await b.invalidateTag('t')
    clock.passMs(700)
    const { length } = l2.calls
    const entry = l2.hold('get', 'after')
    const first = ask(a)
    await expect.poll(() => l2.calls.length).toBeGreaterThan(length)
    const afterEntry = l2.calls.length
    const other = l2.hold('get', 'after')
    entry()
    await expect.poll(() => l2.calls.length).toBe(afterEntry + 1)
    clock.passMs(800)
    const last = ask(a)
    other()
    expect([await first, await last]).toEqual(['new', 'new'])
  })

  test('a question about a tag that is older than that is not shared', async () => {
    const clock = new TestClock()
    const { a, b, l2 } = await deafPair(clock)
    const entry = l2.hold('get', 'after')
    const first = a.get('k')
    await expect.poll(() => l2.calls.length).toBe(2)
    const tag = l2.hold('get', 'after')
    entry()
    await expect.poll(() => l2.calls.length).toBe(3)
    // From here on only that question waits.
    l2.hold('get', 'after')()
    clock.passMs(100)
    await b.invalidateTag('t')
    clock.passMs(maxStaleness + 1)
    const last = a.get('other')
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    tag()
    expect([await first, await last]).toEqual(['old', undefined])
  })
})

test('who asks after a tag was invalidated does not share a read that asked for the tag before', async () => {
  const l2 = new GatedStore()
  await newCache({ l2: l2.inner }).set('k', 'old', { tags: ['t'] })
  const a = newCache({ l2 })
  const entryAndNamespace = l2.hold('get', 'after')
  const before = a.get('k')
  await expect.poll(() => l2.calls.filter((call) => call === 'get').length).toBe(2)
  entryAndNamespace()
  const tag = l2.hold('get', 'after')
  await expect.poll(() => l2.calls.filter((call) => call === 'get').length).toBe(3)
  expect(await a.invalidateTag('t')).toBe('applied')
  const after = a.get('k')
  tag()
  expect(await after).toBeUndefined()
  await before
})

describe('one process invalidates, another', () => {
  test('sees it with its next read, through L1 and through L2', async () => {
    const { a, b } = pair()
    for (const change of [() => b.invalidateTag('t'), () => b.clear()]) {
      await b.set('k', 'old', { tags: ['t'] })
      expect([await a.get('k'), await a.get('k')]).toEqual(['old', 'old'])
      await change()
      expect(await a.get('k')).toBeUndefined()
    }
  })

  test('does not store what it loaded before', async () => {
    const changes = [(cache: Cache) => cache.invalidateTag('t'), (cache: Cache) => cache.expireTag('t'), (cache: Cache) => cache.clear()]
    for (const change of changes) {
      const { a, b } = pair()
      await b.set('warm', 1, { tags: ['t'] })
      const loaded = deferred<string>()
      const begun = deferred<undefined>()
      const reading = a.getOrSet('k', () => (begun.resolve(undefined), loaded.promise), { tags: ['t'] })
      await begun.promise
      await change(b)
      loaded.resolve('old')
      expect(await reading).toBe('old')
      await a.idle()
      expect([await a.get('k'), await b.get('k')]).toEqual([undefined, undefined])
    }
  })

  test('does not store it under a tag that was told after the load either', async () => {
    const { a, b } = pair()
    const load = async (value: string, meanwhile: () => Promise<unknown>): Promise<void> => {
      const tags = (): readonly string[] => ['t']
      await a.getOrSet('k', async () => (await meanwhile(), value), { tags })
      await a.idle()
    }
    await b.set('warm', 1, { tags: ['t'] })
    await load('old', () => b.invalidateTag('t'))
    expect([await a.get('k'), await b.get('k')]).toEqual([undefined, undefined])
    await load('new', async () => undefined)
    expect([await a.get('k'), await b.get('k')]).toEqual(['new', 'new'])
  })

  test.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['invalidated', (cache) => cache.invalidateTag('t')],
    ['expired', (cache) => cache.expireTag('t')],
  ])('%s: does not join a load that began before', async (_, change) => {
    const { a, b } = pair()
    const first = deferred<string>()
    const begun = deferred<undefined>()
    const reading = a.getOrSet('k', () => (begun.resolve(undefined), first.promise), { tags: ['t'] })
    await begun.promise
    await change(b)
    const later = a.getOrSet('k', () => 'new', { tags: ['t'], lockTimeout: 10 })
    first.resolve('old')
    expect(await reading).toBe('old')
    expect(await later).toBe('new')
  })
})

describe('what is lost is a miss', () => {
  test('a tag', async () => {
    const { a, b, l2 } = pair()
    await b.set('k', 1, { tags: ['t'] })
    await l2.deleteMany(['tc1:t:{:}t'])
    expect([await a.get('k'), await b.get('k', { exact: true })]).toEqual([undefined, undefined])
    expect(await b.getOrSet('k', () => 2, { tags: ['t'], exact: true })).toBe(2)
    await b.idle()
    expect(await a.get('k')).toBe(2)
  })

  test('a tag that was bumped, with its counter: what it took does not come back', async () => {
    const { a, b, l2 } = pair()
    await b.set('k', 'old', { tags: ['t'] })
    await b.invalidateTag('t')
    await l2.deleteMany(['tc1:n:{:}'])
    await b.set('other', 1, { tags: ['t'] })
    expect([await a.get('k'), await b.get('k')]).toEqual([undefined, undefined])
  })

  test('the token of the namespace', async () => {
    const { a, b, l2 } = pair()
    await b.set('k', 1)
    await l2.deleteMany(['tc1:t:{:}'])
    expect([await a.get('k'), await b.get('k', { exact: true })]).toEqual([undefined, undefined])
  })
})

test('an entry that is newer than what is known of its tag is not condemned by it', async () => {
  const l2 = memoryStore()
  // Nothing is heard: what is known of tags is up to a second old.
  const a = newCache({ l2: new GatedStore(l2, true), l1: false, clock: new TestClock() })
  const b = newCache({ l2, l1: false })
  await b.set('k', 1, { tags: ['t'] })
  expect(await a.get('k')).toBe(1)
  await b.invalidateTag('t')
  await b.set('k', 2, { tags: ['t'] })
  expect(await a.get('k')).toBe(2)
})

test('without a word from the server, what is known of tags is used for no longer than maxStaleness', async () => {
  const l2 = memoryStore()
  const clock = new TestClock()
  const a = newCache({ l2: new GatedStore(l2, true), clock, coherence: { maxStaleness: '1s' } })
  const b = newCache({ l2, l1: false })
  await b.set('k', 'old', { tags: ['t'] })
  expect(await a.get('k')).toBe('old')
  await b.invalidateTag('t')
  expect(await a.get('k', { exact: true })).toBeUndefined()
  clock.passMs(1_001)
  expect(await a.get('k')).toBeUndefined()
})

test('warm reads ask for no tags, however many there are', async () => {
  const l2 = new GatedStore()
  const cache = newCache({ l2, l1: false, clock: new TestClock() })
  const tags = ['a', 'b', 'c', 'd', 'e']
  await cache.set('k', 1, { tags })
  await cache.get('k')
  l2.calls.length = 0
  expect(await cache.getMany(['k', 'k'])).toEqual([1, 1])
  expect(l2.calls).toEqual(['get'])
})

test('an invalidated entry is reported, and replaced under a lease', async () => {
  const { a, b } = pair()
  await b.set('k', 'old', { tags: ['t'] })
  await b.invalidateTag('t')
  const log = eventLog(a)
  expect(await a.getOrSet('k', () => 'new', { tags: ['t'] })).toBe('new')
  await a.idle()
  expect(log).toEqual(['read.rejected invalidated', 'read.miss', 'load.started miss', 'load.done', 'write.done'])
  expect(await b.get('k')).toBe('new')
})

test('tags outlive what carries them', async () => {
  const l2 = new GatedStore()
  const cache = newCache({ l2 })
  const snap = vi.spyOn(l2, 'snap')
  await cache.getOrSet('k', (context) => (context.setTtl('2h', '1h'), 1), { tags: ['t'], ttl: '1m' })
  await cache.idle()
  const lives = snap.mock.calls.flatMap(([{ tags }]) => tags.filter(({ key }) => key.endsWith('}t')).map(({ lifeMs }) => lifeMs))
  expect(Math.max(...lives.map(Number))).toBe(2 * 3 * 3_600_000)
})

describe('a resource', () => {
  test('has tags of its own, fixed or from its values', async () => {
    const { a } = pair()
    const rows = new Map([[1, { id: 1, category: 'red' }]])
    const products = a.resource({
      key: 'product:{id}',
      load: ({ id }) => rows.get(Number(id)) ?? null,
      tags: (value, { id }) => [
        ['category', value?.category ?? ''],
        ['any', id],
      ],
    })
    const fixed = a.resource({ key: 'stock:{id}', load: ({ id }) => `stock ${id}`, tags: ['stock'] })
    await products.set({ id: 1 }, { id: 1, category: 'red' })
    await fixed.get({ id: 1 })
    expect([await products.has({ id: 1 }), await fixed.has({ id: 1 })]).toEqual([true, true])
    await a.invalidateTags(['category:red', 'stock'])
    expect([await products.has({ id: 1 }), await fixed.has({ id: 1 })]).toEqual([false, false])
    expect(await products.get({ id: 2 })).toBeNull()
    expect(() => a.resource({ key: 'bad:{id}', load: () => 1, tags: ['a b', ''] })).toThrow(
      expect.objectContaining({ code: 'TIERCEL_INVALID_KEY' }),
    )
  })
})

test('an exact read shares no read of tags that was sent before it', async () => {
  const store = memoryStore()
  const other = createCache({ l2: store, l1: false })
  await other.set('k', 'old')
  const l2 = new GatedStore(store, true)
  const cache = createCache({ l2 })
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  let isHeld = true
  l2.get = async (key) => {
    const wasHeld = isHeld && key.startsWith('tc1:t:')
    const found = await store.get(key)
    if (wasHeld) await released
    return found
  }
  const early = cache.get('k')
  await new Promise((resolve) => setImmediate(resolve))
  isHeld = false
  await other.clear()
  const exact = cache.get('k', { exact: true })
  await new Promise((resolve) => setImmediate(resolve))
  release()
  expect(await exact).toBeUndefined()
  await early
})

describe('what is stored without a header', () => {
  const unsupported = { code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining("format: 'plain'") }
  const calls: Readonly<Record<string, (cache: Cache) => unknown>> = {
    set: (cache) => cache.set('k', 'new', { tags: ['t'] }),
    setMany: (cache) => cache.setMany([['k', 'new']], { tags: ['t'] }),
    getOrSet: (cache) => cache.getOrSet('other', () => 'new', { tags: ['t'] }),
    'getOrSet, tags from the value': (cache) => cache.getOrSet('other', () => 'new', { tags: () => ['t'] }),
    setTags: (cache) =>
      cache.getOrSet('other', (context) => {
        context.setTags(['t'])
        return 'new'
      }),
    getOrSetMany: (cache) => cache.getOrSetMany(['other'], () => ['new'], { tags: ['t'] }),
    resource: async (cache) => cache.resource({ key: 'r:{id}', load: () => 1, tags: ['t'] }),
    'resource, tags from the value': async (cache) => cache.resource({ key: 'r:{id}', load: () => 1, tags: () => [] }),
    invalidateTag: (cache) => cache.invalidateTag('t'),
    invalidateTags: (cache) => cache.invalidateTags(['t']),
    expireTag: (cache) => cache.expireTag('t'),
    expireTags: (cache) => cache.expireTags(['t']),
    mutate: (cache) => cache.mutate({ keys: ['k'], tags: ['t'] }, () => expect.fail('was changed')),
    clear: (cache) => cache.clear(),
  }

  test.each(Object.keys(calls))('%s says that it cannot, and changes nothing', async (name) => {
    const cache = newCache({ l2: memoryStore(), format: 'plain' })
    await cache.set('k', 'old')
    await expect(Promise.resolve().then(() => (calls[name] as (cache: Cache) => unknown)(cache))).rejects.toMatchObject(unsupported)
    expect([await cache.get('k'), await cache.get('other')]).toEqual(['old', undefined])
  })

  test('what needs no tag goes on, and all keys can be deleted by their beginning', async () => {
    const cache = newCache({ l2: memoryStore(), format: 'plain' })
    await cache.set('k', 1, { tags: [] })
    expect((await cache.mutate('k', () => undefined)).outcome).toBe('applied')
    expect(await cache.get('k')).toBeUndefined()
  })

  test('more invalidations than can be remembered are refused, not forgotten', async () => {
    const l2 = new GatedStore()
    const cache = newCache({ l2, format: 'plain', coherence: { journalKeys: 100 } })
    l2.fail('deleteMany', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away'))
    for (let at = 0; at < 100; at += 1) expect(await cache.delete(`k${at}`)).toBe('queued')
    await expect(cache.delete('one more')).rejects.toMatchObject({ code: 'TIERCEL_STORE_UNAVAILABLE' })
    expect(await cache.delete('k0')).toBe('queued')
  })
})
