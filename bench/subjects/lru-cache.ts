import { LRUCache } from 'lru-cache'
import type { MemorySetup, MemorySubject } from './memory.ts'

export async function openMemory({ maxEntries, ttlMs }: MemorySetup): Promise<MemorySubject> {
  return new LRUCache<string, object | number>(ttlMs === undefined ? { max: maxEntries } : { max: maxEntries, ttl: ttlMs }) as MemorySubject
}
