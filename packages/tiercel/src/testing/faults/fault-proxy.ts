import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { seededRandom } from '../seeded-random.ts'
import { type Condition, goodCondition } from './condition.ts'
import { type Direction, ProxyLink } from './proxy-link.ts'

/** Picks connections. Asked again with every piece that comes, so that it may look at what was sent. */
export type LinkFilter = (link: ProxyLink) => boolean

export interface Scope {
  /** Default: both. */
  readonly direction?: Direction
  /** Default: all connections, those included that are opened later. */
  readonly where?: LinkFilter
}

export interface FaultCounts {
  readonly opened: number
  readonly refused: number
  readonly killed: number
}

interface Rule extends Scope {
  readonly condition: Condition
}

/**
 * Stands between clients and a real server and does to the bytes what networks do: delay them, cut them, lose them, break connections. It knows
 * nothing of what they say.
 *
 * Listens on a free port of 127.0.0.1 until it is closed.
 */
export class FaultProxy {
  readonly #listener: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #random: () => number
  readonly #links: Set<ProxyLink> = new Set()
  #rules: readonly Rule[] = []
  #counts: FaultCounts = { opened: 0, refused: 0, killed: 0 }
  #isRefusing = false

  private constructor(target: { readonly host: string; readonly port: number }, seed: number) {
    this.#target = target
    this.#random = seededRandom(seed)
    this.#listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#accept(client))
  }

  /** @param seed of what is random about delays */
  static async start(target: { readonly host: string; readonly port: number }, seed = 1): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, seed)
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Those that are open. */
  get links(): readonly ProxyLink[] {
    return [...this.#links]
  }

  get counts(): FaultCounts {
    return this.#counts
  }

  /**
   * From now on connections are like this, those that are open and those to come. Where several conditions apply, the last one imposed does.
   *
   * @returns lifts it
   */
  impose(condition: Condition, scope: Scope = {}): () => void {
    const rule = { condition, ...scope }
    this.#setRules([...this.#rules, rule])
    return () => this.#setRules(this.#rules.filter((other) => other !== rule))
  }

  /** All is well again: nothing is imposed, new connections are accepted. */
  heal(): void {
    this.#isRefusing = false
    this.#setRules([])
  }

  /** Breaks connections. @returns how many */
  kill(how: 'reset' | 'end' = 'reset', where: LinkFilter = () => true): number {
    const killed = this.links.filter(where)
    for (const link of killed) link.kill(how)
    this.#count('killed', killed.length)
    return killed.length
  }

  /** New connections are reset as soon as they are made, until `heal`. */
  refuse(): void {
    this.#isRefusing = true
  }

  /** Ends every connection and the listener. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve))
    for (const link of this.#links) link.kill('reset')
    await closed
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined)
    if (this.#isRefusing) {
      client.resetAndDestroy()
      this.#count('refused', 1)
      return
    }
    this.#count('opened', 1)
    const server = connect({ ...this.#target, allowHalfOpen: true })
    const link = new ProxyLink({
      number: this.#counts.opened,
      client,
      server,
      condition: (of, direction) => this.#conditionOf(of, direction),
      random: this.#random,
      onClose: (closed) => this.#links.delete(closed),
    })
    this.#links.add(link)
    client.resume()
  }

  #conditionOf(link: ProxyLink, direction: Direction): Condition {
    const rule = this.#rules.findLast((candidate) => (candidate.direction ?? direction) === direction && (candidate.where?.(link) ?? true))
    return rule?.condition ?? goodCondition
  }

  #setRules(rules: readonly Rule[]): void {
    this.#rules = rules
    for (const link of this.#links) link.update()
  }

  #count(what: keyof FaultCounts, by: number): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + by }
  }
}
