import { afterEach, expect, test } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { createCache } from '../../src/cache/create-cache.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'

const caches: Cache[] = []
afterEach(() => Promise.all(caches.splice(0).map((cache) => cache.close())))

test.each([
  ['no L2', () => createCache(), /this cache has no l2/],
  ['a store in memory', () => createCache({ l2: memoryStore() }), /the store "memory" of this cache cannot/],
])('with %s there is nothing to look through', async (_, create, message) => {
  const cache = create()
  caches.push(cache)
  const refusal = { code: 'TIERCEL_UNSUPPORTED', message: expect.stringMatching(message) }
  await expect(cache.admin.keys()).rejects.toMatchObject(refusal)
  await expect(cache.admin.deleteByPrefix('a')).rejects.toMatchObject(refusal)
  await expect(cache.admin.deleteByPattern('*')).rejects.toMatchObject(refusal)
  const first = cache.admin.scan()[Symbol.asyncIterator]().next()
  await expect(first).rejects.toMatchObject(refusal)
  await cache.close()
  await expect(cache.admin.keys()).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
})
