import { describe, expect, test, vi } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { fenceByte } from '../../src/codecs/fence.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { deferred } from './deferred.ts'
import { GatedStore } from './gated-store.ts'
import { closedAfterEach } from './owned.ts'
import { TestClock } from './test-clock.ts'
import { tiers } from './tiers.ts'

const key = 'tc1:e::k'
const owned = closedAfterEach()
const newCache = (options: CacheOptions = {}): Cache => owned(createCache(options))

function pair(options: CacheOptions = {}): { readonly a: Cache; readonly b: Cache; readonly l2: GatedStore } {
  const l2 = new GatedStore()
  return { a: newCache({ l2, ...options }), b: newCache({ l2, ...options }), l2 }
}

const away = new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away')

describe.each(tiers)('%s', (_, create) => {
  test('returns what the change returned, and the outcome', async () => {
    const cache = owned(create())
    await cache.set('k', 'old')
    await cache.set('other', 'kept')
    expect(await cache.mutate('k', async () => 7)).toEqual({ result: 7, outcome: 'applied' })
    expect([await cache.get('k'), await cache.get('other')]).toEqual([undefined, 'kept'])
  })

  test('takes several keys and tags', async () => {
    const cache = owned(create())
    for (const name of ['a', 'b', 'c', 'd']) await cache.set(name, name, { tags: [`tag-${name}`] })
    await cache.mutate({ keys: ['a', ['b']], tags: ['tag-c'] }, () => undefined)
    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual([undefined, undefined, undefined, 'd'])
  })

  test('invalidates also when the change throws, and throws what it threw', async () => {
    const cache = owned(create())
    await cache.set('k', 'old')
    const failure = new Error('no')
    await expect(cache.mutate('k', () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', () => 'next')).toBe('next')
  })

  test('what the change reads is loaded for it alone, and kept nowhere', async () => {
    const cache = owned(create())
    for (const targets of [{ keys: ['k'] }, { tags: ['t'] }]) {
      const tags = ['t']
      await cache.getOrSet('k', () => 'committed', { tags })
      const { result } = await cache.mutate(targets, async () => {
        const own = await cache.getOrSet('k', () => 'uncommitted', { tags })
        const others = await Promise.all([cache.getOrSet('k', () => 'first', { tags }), cache.getOrSet('k', () => 'second', { tags })])
        return [own, ...others]
      })
      expect(result).toEqual(['uncommitted', 'first', 'second'])
      await cache.idle()
      expect(await cache.get('k')).toBeUndefined()
      expect(await cache.getOrSet('k', () => 'rolled back', { tags })).toBe('rolled back')
      await cache.clear()
    }
  })

  test('what is not allowed is refused before the change', async () => {
    const cache = owned(create())
    const change = vi.fn()
    const refused: [unknown, unknown, unknown, string][] = [
      [{}, change, {}, 'TIERCEL_INVALID_OPTION'],
      [{ keys: [], tags: [] }, change, {}, 'TIERCEL_INVALID_OPTION'],
      [{ keys: 'k' }, change, {}, 'TIERCEL_INVALID_OPTION'],
      [{ key: 'k' }, change, {}, 'TIERCEL_UNKNOWN_OPTION'],
      ['a::b', change, {}, 'TIERCEL_INVALID_KEY'],
      ['k', 'change', {}, 'TIERCEL_INVALID_LOADER'],
      ['k', change, { fence: 10 }, 'TIERCEL_INVALID_OPTION'],
      ['k', change, { fence: '11m' }, 'TIERCEL_INVALID_OPTION'],
      ['k', change, { holdOff: '11m' }, 'TIERCEL_INVALID_OPTION'],
      ['k', change, { holdOff: -1 }, 'TIERCEL_INVALID_DURATION'],
      ['k', change, { hold: 1 }, 'TIERCEL_UNKNOWN_OPTION'],
    ]
    for (const [targets, act, options, code] of refused) {
      await expect(cache.mutate(targets as never, act as never, options as never)).rejects.toMatchObject({ code })
    }
    expect(change).not.toHaveBeenCalled()
  })
})

describe('while a change is under way', () => {
  test('nothing that another process loads is stored, from before the commit nor after it', async () => {
    const { a, b, l2 } = pair()
    let row = 'old'
    await b.getOrSet('k', () => row)
    await a.mutate('k', async () => {
      expect((await l2.inner.get(key))?.[0]).toBe(fenceByte)
      expect(await b.getOrSet('k', () => row)).toBe('old')
      row = 'new'
    })
    expect(await l2.inner.get(key)).toBeUndefined()
    await b.idle()
    expect(await b.getOrSet('k', () => row)).toBe('new')
    expect(await a.getOrSet('k', () => row)).toBe('new')
  })

  test('a load that began before it is not stored', async () => {
    const { a, b, l2 } = pair()
    const loaded = deferred<string>()
    const begun = deferred<undefined>()
    const reading = b.getOrSet('k', () => (begun.resolve(undefined), loaded.promise))
    await begun.promise
    await a.mutate('k', () => undefined)
    loaded.resolve('old')
    expect(await reading).toBe('old')
    await b.idle()
    expect(await l2.inner.get(key)).toBeUndefined()
    expect(await b.getOrSet('k', () => 'new')).toBe('new')
  })

  test('others of the same key may be too, and the end of one does not uncover the other', async () => {
    const { a, b, l2 } = pair()
    const [first, second] = [deferred<undefined>(), deferred<undefined>()]
    const changes = [a.mutate('k', () => first.promise), b.mutate('k', () => second.promise)]
    await vi.waitFor(async () => expect((await l2.inner.get(key))?.length).toBe(2 + 2 * 25))
    first.resolve(undefined)
    await changes[0]
    expect((await l2.inner.get(key))?.[0]).toBe(fenceByte)
    await expect(a.set('k', 1)).rejects.toMatchObject({ code: 'TIERCEL_FENCED' })
    second.resolve(undefined)
    await changes[1]
    expect(await l2.inner.get(key)).toBeUndefined()
  })

  test('its fence is renewed', async () => {
    const l2 = memoryStore()
    const a = newCache({ l2 })
    await a.mutate('k', () => new Promise((resolve) => setTimeout(resolve, 400)), { fence: 150 }).then(() => undefined)
    const seen: boolean[] = []
    await a.mutate(
      { keys: ['k'], tags: ['t'] },
      async () => {
        for (let time = 0; time < 8; time += 1) {
          await new Promise((resolve) => setTimeout(resolve, 50))
          const [entry, tag] = await l2.getMany([key, 'tc1:t:{:}t'])
          seen.push(entry?.[0] === fenceByte && tag?.[0] === fenceByte)
        }
      },
      { fence: 150 },
    )
    expect(seen).toEqual(seen.map(() => true))
    expect(await l2.getMany([key, 'tc1:t:{:}t'])).toEqual([undefined, undefined])
  })

  test('what carries a tag of it is not stored, whenever the tag was told', async () => {
    const { a, b } = pair()
    await b.set('k', 'old', { tags: ['t'] })
    await a.mutate({ tags: ['t'] }, async () => {
      expect(await b.get('k')).toBeUndefined()
      expect(await b.getOrSet('declared', () => 'old', { tags: ['t'] })).toBe('old')
      expect(await b.getOrSet('late', () => 'old', { tags: () => ['t'] })).toBe('old')
      await expect(b.set('set', 'old', { tags: ['t'] })).rejects.toMatchObject({ code: 'TIERCEL_FENCED' })
      await b.idle()
    })
    expect(await Promise.all(['k', 'declared', 'late', 'set'].map((name) => b.get(name)))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

test('a hold-off keeps out what is loaded from a replica that lags', async () => {
  const { a, b, l2 } = pair()
  await a.mutate('k', () => undefined, { holdOff: 150 })
  expect(await b.getOrSet('k', () => 'lagging')).toBe('lagging')
  await b.idle()
  expect((await l2.inner.get(key))?.[0]).toBe(fenceByte)
  await expect.poll(() => l2.inner.get(key), { timeout: 5_000 }).toBeUndefined()
})

describe('a process that dies', () => {
  test('leaves a fence that ends with its deadline, and nothing old behind it', async () => {
    const clock = new TestClock()
    const store = memoryStore({ clock })
    const dying = new GatedStore(store)
    const dead = newCache({ l2: dying, clock })
    const b = newCache({ l2: store, clock })
    let row = 'old'
    await b.getOrSet('k', () => row)
    dying.fail('fence', away)
    const opened = store.fence.bind(store)
    await opened({ keys: [key], op: 'open', owner: Buffer.alloc(12, 1), forMs: 30_000, ttlMs: 30_000 })
    row = 'new'
    expect(await b.getOrSet('k', () => 'read before the commit')).toBe('read before the commit')
    await b.idle()
    clock.passMs(30_001)
    expect(await b.getOrSet('k', () => row)).toBe('new')
    await b.idle()
    expect(await b.get('k')).toBe('new')
    await dead.close()
  })
})

describe('with the server away', () => {
  test('the change is made all the same, the invalidation is queued, and nothing old is served here', async () => {
    const { a, b, l2 } = pair()
    await a.set('k', 'old', { tags: ['t'], grace: '1h' })
    expect(await a.get('k')).toBe('old')
    l2.fail('fence', away)
    const change = vi.fn(() => 'done')
    expect(await a.mutate({ keys: ['k'], tags: ['t'] }, change)).toEqual({ result: 'done', outcome: 'queued' })
    expect(change).toHaveBeenCalledOnce()
    // The server still has it, and answers.
    expect(await b.get('k')).toBe('old')
    expect(await a.get('k')).toBeUndefined()
    expect(await a.getOrSet('k', () => 'new', { tags: ['t'], grace: '1h' })).toBe('new')
    l2.mend()
    await expect.poll(() => b.get('k', { exact: true }), { timeout: 5_000 }).toBeUndefined()
    expect(await a.getOrSet('k', () => 'newer')).toBeTypeOf('string')
  })

  test.each(['delete', 'expire', 'invalidateTag', 'expireTag', 'clear'] as const)(
    '%s is queued, and done when it is back',
    async (verb) => {
      const { a, b, l2 } = pair()
      await a.set('k', 'old', { tags: ['t'] })
      for (const call of ['fence', 'deleteMany', 'overwrite', 'ageTags'] as const) l2.fail(call, away)
      const outcome = await (verb === 'clear' ? a.clear() : a[verb](verb.endsWith('Tag') ? 't' : 'k'))
      expect(outcome).toBe('queued')
      expect(await a.get('k')).toBeUndefined()
      expect(await b.get('k')).toBe('old')
      l2.mend()
      await expect.poll(() => b.get('k'), { timeout: 5_000 }).toBeUndefined()
      await expect.poll(() => a.getOrSet('k', () => 'new'), { timeout: 5_000 }).toBe('new')
    },
  )

  test.each(['delete', 'expire', 'invalidateTag', 'expireTag', 'clear'] as const)(
    '%s is queued: what was asked for before it is done, and answered after, is not served',
    async (verb) => {
      const l2 = new GatedStore()
      const a = newCache({ l2 })
      await a.set('k', 'old', { tags: ['t'] })
      for (const call of ['fence', 'deleteMany', 'overwrite', 'ageTags'] as const) l2.fail(call, away)
      expect(await (verb === 'clear' ? a.clear() : a[verb](verb.endsWith('Tag') ? 't' : 'k'))).toBe('queued')
      const answer = l2.hold('get', 'after')
      const reads = Promise.all([a.get('k'), a.get('k', { exact: true }), a.getOrSet('k', () => 'new'), a.getMany(['k'])])
      await expect.poll(() => l2.calls.filter((call) => call === 'get').length).toBeGreaterThan(1)
      l2.mend()
      const changed = { delete: key, expire: key, invalidateTag: 'tc1:t:{:}t', expireTag: 'tc1:t:{:}t', clear: 'tc1:t:{:}' }[verb]
      await expect.poll(() => l2.inner.get(changed)).toBeUndefined()
      answer()
      expect(await reads).toEqual([undefined, undefined, 'new', [undefined]])
    },
  )

  test.each([
    ['delete', 'expire'],
    ['invalidateTag', 'expireTag'],
  ] as const)('a queued %s is not forgotten because an %s that began before it is confirmed', async (strong, weak) => {
    const l2 = new GatedStore()
    const a = newCache({ l2 })
    await a.set('k', 'old', { tags: ['t'], grace: '1h' })
    const name = weak === 'expire' ? 'k' : 't'
    const confirm = l2.hold(weak === 'expire' ? 'overwrite' : 'ageTags', 'after')
    const weaker = a[weak](name)
    for (const verb of ['fence', 'deleteMany'] as const) l2.fail(verb, away)
    expect(await a[strong](name)).toBe('queued')
    confirm()
    expect(await weaker).toBe('applied')
    expect(await a.get('k', { exact: true })).toBeUndefined()
    l2.mend()
    await expect.poll(() => l2.inner.get(strong === 'delete' ? key : 'tc1:t:{:}t'), { timeout: 5_000 }).toBeUndefined()
  })

  test('what the server refuses for good is an error', async () => {
    const { ServerError } = await import('../../src/kernel/errors.ts')
    const { a, l2 } = pair()
    const refusal = new ServerError('NOPERM this user has no permissions')
    l2.fail('deleteMany', refusal)
    await expect(a.delete('k')).rejects.toBe(refusal)
    const passing = new ServerError("READONLY You can't write against a read only replica.")
    l2.fail('deleteMany', passing)
    expect(await a.delete('k')).toBe('queued')
  })
})

test('a value in the place of the fence is the store’s business', async () => {
  const l2: Store = memoryStore()
  const owner = Buffer.alloc(12, 7)
  await l2.fence({ keys: [key], op: 'open', owner, forMs: 1_000, ttlMs: 1_000 })
  expect(await l2.fence({ keys: [key], op: 'close', owner, forMs: 0, value: Buffer.from('V'), ttlMs: 1_000 })).toEqual(['stored'])
})
