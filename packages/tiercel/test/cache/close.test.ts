import { expect, test } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { createCache } from '../../src/cache/create-cache.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { deferred } from './deferred.ts'
import { GatedStore } from './gated-store.ts'

const away = new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away')

/** What it holds can be looked at after its end. */
function newStore(): GatedStore {
  const inner = memoryStore()
  inner.close = async () => undefined
  return new GatedStore(inner)
}

/** The server goes away, and is not told of a delete. */
async function queueDelete(): Promise<{ readonly l2: GatedStore; readonly cache: Cache }> {
  const l2 = newStore()
  const cache = createCache({ l2, l1: false })
  await cache.set('k', 1)
  l2.fail('deleteMany', away)
  l2.fail('fence', away)
  expect(await cache.delete('k')).toBe('queued')
  return { l2, cache }
}

test('waits for a load and for what it stores', async () => {
  const l2 = newStore()
  const cache = createCache({ l2 })
  const gate = deferred<string>()
  const read = cache.getOrSet('k', () => gate.promise)
  await expect.poll(() => cache.stats().loads).toBe(1)
  const closing = cache.close()
  gate.resolve('loaded')
  await closing
  expect(await read).toBe('loaded')
  expect(await l2.inner.get('tc1:e::k')).toBeDefined()
})

test('does not wait longer than drainMs; who waits for the load gets its value', async () => {
  const l2 = newStore()
  const cache = createCache({ l2 })
  const gate = deferred<string>()
  const read = cache.getOrSet('k', () => gate.promise)
  await expect.poll(() => cache.stats().loads).toBe(1)
  await cache.close({ drainMs: 30 })
  await expect(cache.get('k')).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
  gate.resolve('loaded')
  expect(await read).toBe('loaded')
})

test('tries what is queued until it is applied', async () => {
  const { l2, cache } = await queueDelete()
  const closing = cache.close()
  setTimeout(() => l2.mend(), 100)
  await closing
  expect(await l2.inner.get('tc1:e::k')).toBeUndefined()
})

test('or until the time is over', async () => {
  const { l2, cache } = await queueDelete()
  await cache.close({ drainMs: 100 })
  expect(await l2.inner.get('tc1:e::k')).toBeDefined()
})

test('may be called again, also meanwhile and by a namespace: the end is one', async () => {
  const cache = createCache({ l2: new GatedStore() })
  const gate = deferred<string>()
  const read = cache.getOrSet('k', () => gate.promise)
  await expect.poll(() => cache.stats().loads).toBe(1)
  const inner = cache.namespace('inner')
  const calls = [cache.close(), cache.close({ drainMs: 0 }), inner.close()]
  let isOver = false
  void Promise.all(calls).then(() => {
    isOver = true
  })
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(isOver).toBe(false)
  gate.resolve('loaded')
  await Promise.all([...calls, read])
  await cache.close()
})

test.each([{ drainMs: -1 }, { drainMs: 1.5 }, { drainMs: 'long' }, { drain: 1 }])(
  '%j is refused, and nothing is closed',
  async (options) => {
    const cache = createCache()
    await expect(cache.close(options as never)).rejects.toMatchObject({ code: expect.stringMatching(/_OPTION$/) })
    await cache.set('k', 1)
    expect(await cache.get('k')).toBe(1)
    await cache.close()
  },
)
