import { createMemoryCache } from 'tiercel/stores/memory'
import type { MemorySetup, MemorySubject } from './memory.ts'

/** The seed makes hit ratios the same in every round; speed does not depend on it. */
const seed = 20

export async function openMemory({ maxEntries, ttlMs }: MemorySetup, policy: 'w-tinylfu' | 'lru'): Promise<MemorySubject> {
  return createMemoryCache<string, unknown>({ maxEntries, policy, seed, ...(ttlMs === undefined ? {} : { ttl: ttlMs }) })
}
