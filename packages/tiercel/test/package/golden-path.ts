/** What a user writes first. Type-checked in a project that has nothing but the packed package and Node's types. */
import { type Cache, createCache, memoryStore, TiercelError, valkeyStore } from 'tiercel'

interface Product {
  readonly id: number
  readonly name: string
}

declare function loadProduct(id: number): Promise<Product | null>

const cache: Cache = createCache({
  namespace: 'shop',
  l1: { maxBytes: '64mb' },
  l2: valkeyStore('redis://127.0.0.1:6379'),
  ttl: '5m',
})

export async function product(id: number): Promise<Product | null> {
  try {
    return await cache.getOrSet(['product', id], () => loadProduct(id), { ttl: '1h' })
  } catch (error) {
    if (TiercelError.is(error)) console.error(error.code, error.retryable)
    throw error
  }
}

export async function rename(id: number, name: string): Promise<void> {
  await cache.set(['product', id], { id, name })
  await cache.delete(['product', id])
  await cache.close()
}

export const local: Cache = createCache({ l1: false, l2: memoryStore(), ttl: 60_000 })
