import { expect, test } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { closedAfterEach } from './owned.ts'

const owned = closedAfterEach()

test.each([
  ['no L2', () => createCache(), /this cache has no l2/],
  ['a store in memory', () => createCache({ l2: memoryStore() }), /the store "memory" of this cache cannot/],
])('with %s there is nothing to look through', async (_, create, message) => {
  const cache = owned(create())
  const refusal = { code: 'TIERCEL_UNSUPPORTED', message: expect.stringMatching(message) }
  await expect(cache.admin.keys()).rejects.toMatchObject(refusal)
  await expect(cache.admin.deleteByPrefix('a')).rejects.toMatchObject(refusal)
  await expect(cache.admin.deleteByPattern('*')).rejects.toMatchObject(refusal)
  const first = cache.admin.scan()[Symbol.asyncIterator]().next()
  await expect(first).rejects.toMatchObject(refusal)
  await cache.close()
  await expect(cache.admin.keys()).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
})
