export type { PolicyName, RemovalCause } from './arena.ts'
export { createMemoryCache, type MemoryCache, type MemoryCacheOptions, type MemorySetOptions } from './memory-cache.ts'
export { type MemoryStoreOptions, memoryStore } from './memory-store.ts'
