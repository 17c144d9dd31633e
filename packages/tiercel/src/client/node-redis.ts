import { checkOptionNames } from '../kernel/options.ts'
import type { Client } from './client.ts'
import { ClusterNodes } from './cluster.ts'
import { LinkNews } from './link-news.ts'
import { LinkedClient } from './linked-client.ts'
import { NodeRedisClusterMap } from './node-redis-cluster.ts'
import { NodeRedisLink, nodeRedisName } from './node-redis-link.ts'
import type { NodeRedis, NodeRedisCluster } from './node-redis-shape.ts'
import { type Nodes, oneNode } from './nodes.ts'
import { type AdapterOptions, withReplicas } from './replica-nodes.ts'

export type { NodeRedis, NodeRedisCluster }

/**
 * Adapts a live client or cluster of `@redis/client` or `redis`, version 5 or 6. It stays yours: `close` of the adapter ends
 * only what the adapter opened.
 *
 * - Commands go out raw: your `commandOptions`, `keyPrefix` and `clientSideCache` do not apply to them, and no timer is armed.
 * - A command that was rejected is not executed later, with the default options too: what is still unwritten when the link
 *   breaks is taken back. With `disableOfflineQueue: true` (advised) the package does that by itself, and a command costs less.
 *   What was written before the link broke may of course have been executed.
 * - On a cluster after a failover the client's own map decides; version 6 renews it after
 *   `topologyRefreshOnReconnectionAttemptStrategy`, 5 s by default.
 *
 * @example
 * const client = nodeRedisClient(await createClient({ url, disableOfflineQueue: true }).on('error', log).connect())
 */
export function nodeRedisClient(live: NodeRedis | NodeRedisCluster, options: AdapterOptions = {}): Client {
  checkOptionNames(options, ['readFromReplicas'], 'nodeRedisClient')
  return new LinkedClient(nodeRedisName, 'slots' in live ? clusterOf(live, options) : nodeOf(live, options), () => Promise.resolve())
}

function clusterOf(live: NodeRedisCluster, { readFromReplicas }: AdapterOptions): Nodes {
  const news = new LinkNews()
  const map = new NodeRedisClusterMap(live, news)
  return withReplicas(new ClusterNodes(map, news), readFromReplicas, { map })
}

function nodeOf(live: NodeRedis, { readFromReplicas }: AdapterOptions): Nodes {
  const news = new LinkNews()
  const primary = new NodeRedisLink(live, { news })
  const linkTo = (replica: object): NodeRedisLink => new NodeRedisLink(replica as NodeRedis, { news: new LinkNews() })
  return withReplicas(oneNode(primary, news), readFromReplicas, { primary, linkTo })
}
