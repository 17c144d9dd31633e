import { ask, type RunningServer, type SentinelTopology, startSentinel } from '@tiercel/test-servers'
import { createRandom } from '@tiercel/workloads'
import { Redis as Redis6 } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { afterEach, expect, test } from 'vitest'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import { testSize } from '../test-size.ts'
import { endsAt } from './ends.ts'
import { warmUp } from './live-server.ts'
import { failOverLossily, namespace, patienceMs } from './lossy-failover.ts'
import { VersionedSource } from './versioned-source.ts'

const failovers = testSize({ small: 1, ci: 3, release: 20 })
const maxStaleness = 200
const patience = { timeout: '2s', connectTimeout: '10s' } as const
const ends = endsAt(afterEach)

interface ViaSentinel {
  on(event: string, listener: () => void): unknown
  disconnect(): void
}

/** Packages that speak to Sentinel. */
const packages: readonly ((options: { sentinels: { host: string; port: number }[]; name: string }) => ViaSentinel)[] = [
  (options) => new Redis6(options),
  (options) => new Valkey(options),
  (options) => new Redis5(options),
]

async function newCache(topology: SentinelTopology, at: number): Promise<Cache> {
  const sentinels = topology.sentinels.map(({ host, port }) => ({ host, port }))
  const live = (packages[at % packages.length] as (typeof packages)[number])({ sentinels, name: topology.masterName })
  live.on('error', () => undefined)
  const cache = createCache({ namespace, l2: valkeyStore(live, patience), coherence: { maxStaleness } })
  ends.push(
    () => live.disconnect(),
    () => cache.close(),
  )
  await warmUp(cache)
  return cache
}

test.each(Array.from({ length: failovers }, (_, round) => round))(
  'a failover by Sentinel to a replica that was cut off: own invalidations are never undone for the process, and for nobody once it is back (%i)',
  async (round) => {
    const topology = await startSentinel({ server: 'valkey-9.1' })
    ends.push(() => topology.stop())
    const caches = [await newCache(topology, round), await newCache(topology, round + 1)]
    const random = createRandom(`sentinel ${round}`)
    const replica = topology.replicas[0] as RunningServer
    const promoted = (): Promise<void> =>
      expect.poll(() => ask(replica, ['ROLE']).then((role) => String((role as unknown[])[0])), patienceMs).toBe('master')
    const plan = {
      caches,
      source: new VersionedSource(),
      keys: 40,
      tags: 10,
      lanes: 8,
      boundMs: maxStaleness + 50,
      random,
      life: { ttl: '5m' },
    } as const
    await failOverLossily(plan, { primary: topology.primary, replica, owns: () => true, promoted }, 300)
  },
  120_000,
)
