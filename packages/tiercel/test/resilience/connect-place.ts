import { createCluster } from '@redis/client'
import { Cluster, Redis } from 'ioredis'
import { type LiveClient, standalonePackages } from '../conformance/live-clients.ts'
import type { Place, Through } from './load-messages.ts'

/** A live client of a package, connected; for a URL the URL, of which the library makes one itself. */
export async function connectPlace(place: Place): Promise<Pick<LiveClient, 'end'> & { readonly live: object | string }> {
  switch (place.kind) {
    case 'url':
      return { live: place.url, end: () => undefined }
    case 'standalone': {
      const client = standalonePackages.find(({ name }) => name === place.client)
      if (client === undefined) throw new Error(`no client package ${place.client}`)
      return client.standalone(place.url)
    }
    case 'sentinel': {
      const { sentinels, name, through } = place
      return whenReady(new Redis({ sentinels: sentinels.map((at) => ({ ...at })), name, natMap: { ...through } }))
    }
    case 'cluster':
      return place.client === 'node-redis' ? nodeRedisCluster(place.urls, place.through) : ioredisCluster(place.urls, place.through)
  }
}

function ioredisCluster(urls: readonly string[], through: Through): Promise<LiveClient> {
  return whenReady(new Cluster([...urls], { natMap: { ...through } }))
}

async function nodeRedisCluster(urls: readonly string[], through: Through): Promise<LiveClient> {
  const live = createCluster({ rootNodes: urls.map((url) => ({ url })), nodeAddressMap: { ...through } })
  live.on('error', () => undefined)
  await live.connect()
  return { live, end: () => live.destroy() }
}

async function whenReady(live: Redis | Cluster): Promise<LiveClient> {
  live.on('error', () => undefined)
  await new Promise<void>((resolve) => live.once('ready', () => resolve()))
  return { live, end: () => live.disconnect() }
}
