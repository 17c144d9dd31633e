import type { ServerError } from '../kernel/errors.ts'
import type { ClusterMap } from './cluster.ts'
import { IoredisLink } from './ioredis-link.ts'
import type { Ioredis, IoredisCluster } from './ioredis-shape.ts'
import type { Link } from './link.ts'
import type { LinkNews } from './link-news.ts'
import { unavailable } from './unavailable.ts'
import { aMoment, type LinkState, whenReady } from './when-ready.ts'

export class IoredisClusterMap implements ClusterMap {
  readonly #name: string
  readonly #live: IoredisCluster
  readonly #news: LinkNews
  readonly #links = new Map<string, IoredisLink>()

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
    const links = new Map<string, Link | undefined>()
    for (const addresses of this.#live.slots) {
      const address = addresses?.[0]
      if (address !== undefined && !links.has(address)) links.set(address, this.#at(address))
    }
    for (const link of links.values()) link?.tell()
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
    for (const link of this.#links.values()) link.release()
    this.#links.clear()
  }

  /** Waits for the first connection to a node, at most a moment. A lost one is told at once. */
  async #opened(link: IoredisLink | undefined): Promise<Link> {
    if (link?.isOpening) await link.ready(aMoment())
    if (link?.isReady) return link
    if (this.isReady) this.#live.refreshSlotsCache()
    throw unavailable(this.#name, this.isReady ? 'without the node of this key' : this.#live.status)
  }

  #at(address: string): IoredisLink | undefined {
    const known = this.#links.get(address)
    if (known !== undefined && known.live.status !== 'end') return known
    this.#links.delete(address)
    for (const node of this.#live.nodes('all')) if (addressOf(node.options) === address) return this.#linkOf(node)
    return undefined
  }

  #linkOf(node: Ioredis): IoredisLink {
    const address = addressOf(node.options)
    let link = this.#links.get(address)
    if (link?.live !== node) {
      link?.release()
      link = new IoredisLink(this.#name, node, { news: this.#news, address })
      this.#links.set(address, link)
    }
    return link
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
