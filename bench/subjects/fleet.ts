import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import { connectIoredis5 } from './ioredis.ts'

/** One process of a fleet: two tiers, with what its documentation gives against stampedes. */
export type OpenFleetCache = (setup: FleetSetup) => Promise<FleetCache>

export interface FleetSetup {
  readonly url: string
  readonly namespace: string
  readonly ttlMs: number
  /** Values past their ttl are served for so long while they are loaded anew; 0: never. */
  readonly graceMs: number
  readonly load: (key: string) => Promise<number>
}

export interface FleetCache {
  read(key: string): Promise<number>
}

/** What a machine that stands still may take. */
const STALL_MS = 10_000
const LEASE_MS = 1_000

/** Leases, early refresh by chance, stale values while one refreshes. */
export const openTiercel: OpenFleetCache = async ({ url, namespace, ttlMs, graceMs, load }) => {
  const l2 = valkeyStore(await connectIoredis5(url), { timeout: STALL_MS })
  const grace = graceMs === 0 ? false : graceMs
  const cache = createCache({ namespace, l2, ttl: ttlMs, grace, beta: graceMs === 0 ? false : 1, lease: LEASE_MS })
  return { read: (key) => cache.getOrSet(key, () => load(key)) }
}

/** One load per process, by its own lock; stale values while it refreshes. Without its bus, which would not make it load less. */
export const openBentocache: OpenFleetCache = async ({ url, namespace, ttlMs, graceMs, load }) => {
  const connection = await connectIoredis5(url)
  const main = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 1_000 }))
    .useL2Layer(redisDriver({ connection }))
  const cache = new BentoCache({
    default: 'main',
    stores: { main },
    prefix: namespace,
    ttl: ttlMs,
    ...(graceMs > 0 && { grace: graceMs, timeout: 0 }),
  })
  return { read: (key) => cache.getOrSet({ key, factory: () => load(key) }) }
}
