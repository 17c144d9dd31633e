import { type RunningServer, startCluster, startSentinel, startStandalone } from '@tiercel/test-servers'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { standalonePackages } from '../conformance/live-clients.ts'
import type { Ends } from '../integration/ends.ts'
import type { Place, Through } from './load-messages.ts'

/** Servers behind proxies, and how clients reach them. */
export interface Topology {
  readonly places: readonly Place[]
  readonly proxies: readonly FaultProxy[]
}

/** One server, with all client packages. */
export async function openStandalone(ends: Ends): Promise<Topology> {
  const server = await startStandalone({ server: 'valkey-9.1' })
  ends.push(() => server.stop())
  const { proxies } = await proxiesOf([server], ends)
  const [{ url }] = proxies as [FaultProxy]
  return { proxies, places: standalonePackages.map(({ name }) => ({ kind: 'standalone', client: name, url })) }
}

/** A primary and its replica; the sentinels are told nothing of the faults. */
export async function openSentinel(ends: Ends): Promise<Topology> {
  const { primary, replicas, sentinels, masterName, stop } = await startSentinel({ server: 'valkey-9.1' })
  ends.push(stop)
  const { proxies, through } = await proxiesOf([primary, ...replicas], ends)
  const addresses = sentinels.map(({ host, port }) => ({ host, port }))
  const place: Place = { kind: 'sentinel', sentinels: addresses, name: masterName, through }
  return { proxies, places: [place, place] }
}

/** Three primaries. */
export async function openCluster(ends: Ends): Promise<Topology> {
  const { nodes, urls, stop } = await startCluster({ server: 'valkey-9.1' })
  ends.push(stop)
  const { proxies, through } = await proxiesOf(nodes, ends)
  return { proxies, places: ['ioredis', 'node-redis'].map((client) => ({ kind: 'cluster', client, urls, through })) }
}

async function proxiesOf(servers: readonly RunningServer[], ends: Ends): Promise<{ proxies: FaultProxy[]; through: Through }> {
  const proxies = await Promise.all(servers.map((server) => FaultProxy.start(server)))
  ends.push(() => Promise.all(proxies.map((proxy) => proxy.close())))
  const through = servers.map(({ host, port }, at) => [`${host}:${port}`, { host: '127.0.0.1', port: (proxies[at] as FaultProxy).port }])
  return { proxies, through: Object.fromEntries(through) as Through }
}
