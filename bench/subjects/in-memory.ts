import type { OpenMemory } from './memory.ts'

/** The caches in memory that the suites `l1` and `traces` compare. */
export const inMemory: Readonly<Record<string, OpenMemory>> = {
  'lru-cache': async (setup) => (await import('./lru-cache.ts')).openMemory(setup),
  tiercel: async (setup) => (await import('./tiercel-memory.ts')).openMemory(setup, 'w-tinylfu'),
  'tiercel lru': async (setup) => (await import('./tiercel-memory.ts')).openMemory(setup, 'lru'),
}
