import { afterEach } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'

/** @returns what takes a cache, and closes it when the test is over */
export function closedAfterEach(): (cache: Cache) => Cache {
  const caches: Cache[] = []
  afterEach(() => Promise.all(caches.splice(0).map((cache) => cache.close())))
  return (cache) => {
    caches.push(cache)
    return cache
  }
}
