import type {
  Client,
  Command,
  PrimaryNode,
  Reply,
  Subscription,
  SubscriptionListener,
  Tracking,
  TrackingListener,
  TrackingOptions,
  Word,
} from './client.ts'
import type { Link } from './link.ts'
import type { Nodes } from './nodes.ts'
import { openSubscription } from './subscription.ts'
import { openTracking } from './tracking.ts'
import { closed, unavailable } from './unavailable.ts'
import { aMoment } from './when-ready.ts'

interface Closable {
  close(): Promise<void>
}

/** A `Client` of nodes: what all adapters have in common. */
export class LinkedClient implements Client {
  readonly specVersion = 1
  readonly name: string
  readonly topology: 'standalone' | 'cluster'
  readonly #nodes: Nodes
  readonly #end: () => Promise<void>
  readonly #opened = new Set<Closable>()
  #isClosed = false

  /** @param end what `close` does to the client underneath: nothing where it is borrowed */
  constructor(name: string, nodes: Nodes, end: () => Promise<void>) {
    this.name = name
    this.topology = nodes.topology
    this.#nodes = nodes
    this.#end = end
  }

  get isReady(): boolean {
    return !this.#isClosed && this.#nodes.isReady
  }

  get linkEpoch(): number {
    return this.#nodes.news.epoch
  }

  get readLagMs(): number {
    return this.#nodes.readLagMs ?? 0
  }

  onLink(listener: () => void): () => void {
    return this.#isClosed ? () => {} : this.#nodes.news.listen(listener)
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#isClosed ? Promise.reject(closed(this.name)) : this.#nodes.ready(signal)
  }

  nodeOf(key: string): string | undefined {
    return this.#isClosed ? undefined : this.#nodes.nodeOf(key)
  }

  send(command: Command): Promise<Reply> {
    return this.#isClosed ? Promise.reject(closed(this.name)) : this.#nodes.send(command)
  }

  batch(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    if (this.#isClosed) return Promise.reject(closed(this.name))
    return Promise.all(commands.map((command) => this.#nodes.send(command).catch((error: Error) => error)))
  }

  async primaries(): Promise<readonly PrimaryNode[]> {
    if (this.#isClosed) throw closed(this.name)
    const links = await this.#nodes.primaries()
    // A node that was not used yet is connected to first.
    await Promise.all(Array.from(links.values(), (link) => (link?.isReady ? undefined : link?.ready(aMoment()).catch(() => {}))))
    return Array.from(links, ([address, link]) => ({ address, send: (words) => this.#sendTo(link, words) }))
  }

  #sendTo(link: Link | undefined, words: readonly Word[]): Promise<Reply> {
    if (this.#isClosed) return Promise.reject(closed(this.name))
    return link?.send(words) ?? Promise.reject(unavailable(this.name, 'without a link to this node'))
  }

  subscribe(channels: readonly string[], listener: SubscriptionListener): Promise<Subscription> {
    return this.#own(() => openSubscription(() => this.#nodes.any(), channels, listener))
  }

  track(options: TrackingOptions, listener: TrackingListener): Promise<Tracking> {
    return this.#own(() => openTracking(this.name, this.#nodes, options, listener))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#nodes.news.close()
    await Promise.all(Array.from(this.#opened, (opened) => opened.close()))
    this.#nodes.release()
    await this.#end()
  }

  /** Remembers what was opened until it is closed, so that `close` ends it. */
  async #own<T extends Closable>(open: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closed(this.name)
    const opened = await open()
    const close = opened.close.bind(opened)
    opened.close = () => {
      this.#opened.delete(opened)
      return close()
    }
    this.#opened.add(opened)
    if (!this.#isClosed) return opened
    await opened.close()
    throw closed(this.name)
  }
}
