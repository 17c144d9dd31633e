import { type ServerError, UsageError } from '../kernel/errors.ts'
import type { ClusterMap } from './cluster.ts'
import type { Link } from './link.ts'
import { LinkNews } from './link-news.ts'
import { NodeRedisLink, nodeRedisCommandOptions, nodeRedisName } from './node-redis-link.ts'
import type { NodeRedis, NodeRedisCluster, NodeRedisClusterNode } from './node-redis-shape.ts'
import { unavailable } from './unavailable.ts'
import { aMoment, type LinkState, whenReady } from './when-ready.ts'

export class NodeRedisClusterMap implements ClusterMap {
  readonly #live: NodeRedisCluster
  readonly #news: LinkNews
  readonly #links = new Map<NodeRedis, Link>()
  /** Apart from the others: they are no primaries, and nobody is told of them. */
  readonly #replicas = new Map<NodeRedis, Link>()
  readonly #replicaNews = new LinkNews()
  #learning: Promise<void> | undefined
  #wasOpened: boolean

  constructor(live: NodeRedisCluster, news: LinkNews) {
    this.#live = live
    this.#news = news
    this.#wasOpened = live.isOpen
  }

  get isReady(): boolean {
    const { isOpen, isReady, masters } = this.#live
    return isOpen && (isReady ?? masters.length > 0)
  }

  async ready(signal?: AbortSignal): Promise<void> {
    if (!this.#wasOpened && !this.#live.isOpen) this.#live.connect().catch(() => {})
    this.#wasOpened = true
    await whenReady(nodeRedisName, () => this.#state(), signal)
    // Version 5 is open before its nodes are connected to. One that is down must not hold up the others for long.
    const areConnected = (): LinkState => (this.#live.masters.every(({ client }) => client?.isReady ?? true) ? 'ready' : 'waiting')
    await whenReady(nodeRedisName, areConnected, aMoment(signal)).catch(() => {})
    for (const node of this.#live.masters) this.#linkOf(node)?.tell()
  }

  primaryOf(slot: number): Link | undefined {
    return this.#linkOf(this.#live.slots[slot]?.master)
  }

  replicasOf(slot: number): readonly Link[] {
    const shard = this.#live.slots[slot]
    if (shard !== undefined && shard.replicas === undefined) throw withoutReplicas()
    const links: Link[] = []
    for (const node of shard?.replicas ?? []) {
      const link = this.#linkOf(node, this.#replicas)
      if (link !== undefined) links.push(link)
    }
    return links
  }

  any(): Link | undefined {
    const { masters } = this.#live
    const start = Math.floor(Math.random() * masters.length)
    for (let step = 0; step < masters.length; step++) {
      const link = this.#linkOf(masters[(start + step) % masters.length])
      if (link?.isReady) return link
    }
    return undefined
  }

  /** Only a node that was never connected to (`minimizeConnections`) is waited for; a lost one is told at once. */
  async connect(slot: number | undefined): Promise<Link> {
    const node = slot === undefined ? this.#live.masters.find(({ client }) => client === undefined) : this.#live.slots[slot]?.master
    if (node === undefined || node.client !== undefined) throw unavailable(nodeRedisName, 'connecting to the node of this key')
    this.#live.nodeClient(node as never).catch(() => {})
    const state = (): LinkState => (this.#linkOf(node)?.isReady ? 'ready' : 'waiting')
    await whenReady(nodeRedisName, state, aMoment())
    return this.#linkOf(node) as Link
  }

  async primaries(): Promise<ReadonlyMap<string, Link | undefined>> {
    const links = new Map<string, Link | undefined>()
    for (const node of this.#live.masters) {
      if (node.client === undefined) await this.#live.nodeClient(node as never).catch(() => {})
      links.set(node.address, this.#linkOf(node))
    }
    this.#forgetOthers()
    for (const link of links.values()) link?.tell()
    return links
  }

  async follow(redirection: ServerError, key: string | undefined): Promise<Link> {
    const address = redirection.message.split(' ')[2] ?? ''
    const link = this.#linkOf(this.#live.nodeByAddress.get(address))
    if (redirection.reply === 'MOVED') {
      const learned = this.#learn(key)
      if (!link?.isReady) await learned
    }
    const target = link?.isReady ? link : this.#linkOf(this.#live.nodeByAddress.get(address))
    if (target?.isReady) return target
    throw unavailable(nodeRedisName, 'without the node of this key')
  }

  release(): void {
    for (const links of [this.#links, this.#replicas]) {
      for (const link of links.values()) link.release()
      links.clear()
    }
  }

  /** The package learns a new map from the redirection of a command of its own. Once for all that were redirected together. */
  #learn(key: string | undefined): Promise<void> {
    if (key === undefined) return Promise.resolve()
    this.#learning ??= this.#live
      .sendCommand(key, false, ['EXISTS', key], nodeRedisCommandOptions)
      .then(
        () => {},
        () => {},
      )
      .finally(() => {
        this.#learning = undefined
      })
    return this.#learning
  }

  /** Links to nodes that have left the map. */
  #forgetOthers(): void {
    forgetOthers(this.#links, this.#live.masters)
    forgetOthers(this.#replicas, this.#live.replicas)
  }

  #state(): LinkState {
    return this.isReady ? 'ready' : this.#live.isOpen ? 'waiting' : 'gone'
  }

  #linkOf(node: NodeRedisClusterNode | undefined, links = this.#links): Link | undefined {
    const client = node?.client
    if (node === undefined || client === undefined) return undefined
    let link = links.get(client)
    if (link === undefined) {
      link = new NodeRedisLink(client, { news: links === this.#links ? this.#news : this.#replicaNews, address: node.address })
      links.set(client, link)
    }
    return link
  }
}

function forgetOthers(links: Map<NodeRedis, Link>, nodes: readonly NodeRedisClusterNode[]): void {
  const clients = new Set(nodes.map(({ client }) => client))
  for (const [client, link] of links) {
    if (clients.has(client)) continue
    link.release()
    links.delete(client)
  }
}

function withoutReplicas(): UsageError {
  const text = 'This cluster of node-redis knows no replicas to read from. Make it with createCluster({ useReplicas: true, … }).'
  return new UsageError('TIERCEL_UNSUPPORTED', text)
}
