import { createRandom } from '@tiercel/workloads'
import { type Cache, createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import type { Assignment, Value } from '../protocol.ts'
import type { Get } from './approach.ts'

/** The lease is always there; the other two are options. L1 is off, so that every read of every lane has the same way to go. */
export function tiercelCache({ approach, valkeyUrl, namespace, ttlMs: ttl, leaseMs: lease, graceMs, beta, seed }: Assignment): Cache {
  const shared = { namespace, l1: false, l2: valkeyStore(valkeyUrl, { timeout: '1s' }), ttl, lease } as const
  switch (approach) {
    case 'xfetch':
      return createCache({ ...shared, beta, grace: graceMs, random: createRandom(seed).next })
    case 'grace':
      return createCache({ ...shared, grace: graceMs })
    default:
      return createCache(shared)
  }
}

export function throughCache(cache: Cache): Get {
  return (load) => cache.getOrSet('hot', ({ stale }) => load(stale?.value as Value | undefined))
}
