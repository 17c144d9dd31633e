import { checkOptionNames } from '../kernel/options.ts'
import type { Client } from './client.ts'
import { ClusterNodes } from './cluster.ts'
import { IoredisClusterMap } from './ioredis-cluster.ts'
import { IoredisLink } from './ioredis-link.ts'
import type { Ioredis, IoredisCluster } from './ioredis-shape.ts'
import { LinkNews } from './link-news.ts'
import { LinkedClient } from './linked-client.ts'
import { type Nodes, oneNode } from './nodes.ts'
import { type AdapterOptions, withReplicas } from './replica-nodes.ts'

export type { Ioredis, IoredisCluster }

/**
 * Adapts a live `Redis` or `Cluster` of ioredis, version 5 or 6, or of iovalkey. It stays yours: `close` of the adapter ends
 * only what the adapter opened.
 *
 * - Commands go out raw: your `keyPrefix`, `commandTimeout`, transformers and `enableAutoPipelining` do not apply to them.
 * - With the client's default options too, a command that was rejected is not executed later: the adapter refuses while
 *   there is no link, and a command without an answer when the link breaks is rejected, and is not written again when ioredis
 *   re-sends (`autoResendUnfulfilledCommands`): a `PING` goes in its place. What was written before the link broke
 *   may of course have been executed.
 * - On a cluster commands go straight to the node of their slot, so `retryDelayOnFailover` does not apply either.
 * - Do not use `multi({ pipeline: false })`, `watch`, `select` or `monitor` on a client that you share: they are states of the link.
 *
 * @param name for messages and metrics
 */
export function ioredisClient(
  live: Ioredis | IoredisCluster,
  name: 'ioredis' | 'iovalkey' = 'ioredis',
  options: AdapterOptions = {},
): Client {
  checkOptionNames(options, ['readFromReplicas'], 'ioredisClient')
  return new LinkedClient(name, 'nodes' in live ? clusterOf(live, name, options) : nodeOf(live, name, options), () => Promise.resolve())
}

function clusterOf(live: IoredisCluster, name: string, { readFromReplicas }: AdapterOptions): Nodes {
  const news = new LinkNews()
  const map = new IoredisClusterMap(name, live, news)
  return withReplicas(new ClusterNodes(map, news), readFromReplicas, { map })
}

function nodeOf(live: Ioredis, name: string, { readFromReplicas }: AdapterOptions): Nodes {
  const news = new LinkNews()
  const primary = new IoredisLink(name, live, { news })
  const linkTo = (replica: object): IoredisLink => new IoredisLink(name, replica as Ioredis, { news: new LinkNews() })
  return withReplicas(oneNode(primary, news), readFromReplicas, { primary, linkTo })
}
