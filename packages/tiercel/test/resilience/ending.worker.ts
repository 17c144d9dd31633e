// A program that uses a cache and comes to its end: it is to end by itself, and to print nothing.
import { createCache, valkeyStore } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'

const [how, url] = process.argv.slice(2) as [string, string]
const cache =
  how === 'left open'
    ? createCache({ l2: memoryStore() })
    : createCache({ l2: valkeyStore(url), refreshAhead: 0.5, ttl: 1_000, grace: '1m', loads: { maxRunning: 10 } })

const namespace = cache.namespace('n')
await cache.getOrSet('k', async () => 'loaded', { tags: ['t'], hardTimeout: '1m', lockTimeout: '1m' })
await cache.getOrSetMany(['a', 'b'], (keys) => keys.map(() => 1))
await cache.mutate('k', () => undefined)
// Whoever is told of nothing has to hear of it: a rejection that nobody handles ends the process with code 1.
void cache.getOrSet('slow', () => new Promise((resolve) => setTimeout(resolve, 50, 1)), { hardTimeout: 10 }).catch(() => undefined)
if (how !== 'left open') await Promise.all([cache.close({ drainMs: 1_000 }), cache.close(), namespace.close()])
if (how === 'closed twice') await cache.close()
