import type { ServerError } from '../kernel/errors.ts'
import type { ClusterMap } from './cluster.ts'
import { IoredisLink } from './ioredis-link.ts'
import type { Ioredis, IoredisCluster } from './ioredis-shape.ts'
import type { Link } from './link.ts'
import { LinkNews } from './link-news.ts'
import { unavailable } from './unavailable.ts'
import { aMoment, type LinkState, whenReady } from './when-ready.ts'

/** How soon the map is asked for again: for a replica that is known and lost, and where none is known. */
const lostReplicaMs = 500
const noReplicaMs = 5000

export class IoredisClusterMap implements ClusterMap {
  readonly #name: string
  readonly #live: IoredisCluster
  readonly #news: LinkNews
  readonly #links = new Map<string, IoredisLink>()
  /** Apart from the others: they are no primaries, and nobody is told of them. */
  readonly #replicas = new Map<string, IoredisLink>()
  readonly #replicaNews = new LinkNews()
  #refreshedAtMs = 0

  constructor(name: string, live: IoredisCluster, news: LinkNews) {
    this.#name = name
    this.#live = live
    this.#news = news
  }

  get isReady(): boolean {
    return this.#live.status === 'ready'
  }

  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#live.status === 'wait') this.#live.connect().catch(() => {})
    await whenReady(this.#name, () => this.#state(), signal)
    const links = [...(await this.primaries()).values()]
    await Promise.allSettled(links.map((link) => link?.ready(aMoment(signal))))
  }

  primaryOf(slot: number): IoredisLink | undefined {
    const address = this.#live.slots[slot]?.[0]
    return address === undefined ? undefined : this.#at(address)
  }

  replicasOf(slot: number): readonly IoredisLink[] {
    const links: IoredisLink[] = []
    const addresses = this.#live.slots[slot] ?? []
    for (let index = 1; index < addresses.length; index++) {
      const link = this.#at(addresses[index] as string, this.#replicas)
      if (link === undefined) this.#refreshAfter(lostReplicaMs)
      else links.push(link)
    }
    if (addresses.length === 1) this.#refreshAfter(noReplicaMs)
    return links
  }

  any(): IoredisLink | undefined {
    const links = this.#live.nodes('master').map((node) => this.#linkOf(node))
    const ready = links.filter((link) => link.isReady)
    return ready[Math.floor(Math.random() * ready.length)] ?? links.find((link) => link.isOpening)
  }

  async connect(slot: number | undefined): Promise<Link> {
    const link = this.isReady ? (slot === undefined ? this.any() : this.primaryOf(slot)) : undefined
    return this.#opened(link)
  }

  /** From the slots, not from the client's nodes: it forgets a node with its link, but the node's keys may go on changing. */
  async primaries(): Promise<ReadonlyMap<string, Link | undefined>> {
    const links = new Map<string, IoredisLink | undefined>()
    for (const addresses of this.#live.slots) {
      const address = addresses?.[0]
      if (address !== undefined && !links.has(address)) links.set(address, this.#at(address))
    }
    for (const link of links.values()) link?.start()
    if (this.isReady && [...links.values()].includes(undefined)) this.#live.refreshSlotsCache()
    return links
  }

  /** Straight to the node that the server named. The client's own path would send again after a lost link. */
  async follow(redirection: ServerError): Promise<Link> {
    if (redirection.reply === 'MOVED') this.#live.refreshSlotsCache()
    const named = redirection.message.split(' ')[2] ?? ''
    return this.#opened(this.#at(this.#mapped(named)))
  }

  release(): void {
    for (const links of [this.#links, this.#replicas]) {
      for (const link of links.values()) link.release()
      links.clear()
    }
  }

  /** Waits for the first connection to a node, at most a moment. A lost one is told at once. */
  async #opened(link: IoredisLink | undefined): Promise<Link> {
    if (link?.isOpening) await link.ready(aMoment())
    if (link?.isReady) return link
    if (this.isReady) this.#live.refreshSlotsCache()
    throw unavailable(this.#name, this.isReady ? 'without the node of this key' : this.#live.status)
  }

  #at(address: string, links = this.#links): IoredisLink | undefined {
    const known = links.get(address)
    if (known !== undefined && known.live.status !== 'end') return known
    links.delete(address)
    for (const node of this.#live.nodes('all')) if (addressOf(node.options) === address) return this.#linkOf(node, links)
    return undefined
  }

  #linkOf(node: Ioredis, links = this.#links): IoredisLink {
    const address = addressOf(node.options)
    let link = links.get(address)
    if (link?.live !== node) {
      link?.release()
      link = new IoredisLink(this.#name, node, { news: links === this.#links ? this.#news : this.#replicaNews, address })
      links.set(address, link)
    }
    return link
  }

  /** The client forgets a replica with its link, until it asks for the slots again; and a cluster does not name one that has just joined. */
  #refreshAfter(ms: number): void {
    const nowMs = performance.now()
    if (!this.isReady || nowMs - this.#refreshedAtMs < ms) return
    this.#refreshedAtMs = nowMs
    this.#live.refreshSlotsCache()
  }

  #mapped(address: string): string {
    const { natMap } = this.#live.options as { natMap?: unknown }
    const mapped: unknown = typeof natMap === 'function' ? natMap(address) : (natMap as Record<string, unknown> | undefined)?.[address]
    return mapped ? addressOf(mapped) : address
  }

  #state(): LinkState {
    if (this.isReady) return 'ready'
    return this.#live.status === 'end' ? 'gone' : 'waiting'
  }
}

function addressOf(options: { host?: unknown; port?: unknown }): string {
  return `${options.host}:${options.port}`
}
