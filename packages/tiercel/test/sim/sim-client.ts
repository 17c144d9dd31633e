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
} from '../../src/client/client.ts'
import { closed, lost, unavailable } from '../../src/client/unavailable.ts'
import { putUnlessFenced } from '../../src/stores/scripts.ts'
import type { Describer } from './describe.ts'
import type { Connection } from './model/model-server.ts'
import type { Scheduler } from './scheduler.ts'
import { SideLink } from './side-link.ts'
import type { SimNode } from './sim-node.ts'
import { Wire } from './wire.ts'

/** Where a client runs, and what it finds there. */
export interface SimHost {
  readonly name: string
  readonly scheduler: Scheduler
  readonly describer: Describer
  primary(): SimNode | undefined
  latencyMs(): number
  isDead(): boolean
  /** Whether a message of a channel is lost: they are delivered at most once. */
  losesMessage(): boolean
}

interface Asked {
  readonly words: readonly Word[]
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/**
 * The client port over a simulated network: one connection for commands, and one each for tracking and channels. What `client.ts` promises, it keeps, and
 * nothing beyond: commands may be executed and their answers lost, late, or both.
 */
export class SimClient implements Client {
  readonly specVersion = 1
  readonly name = 'sim'
  readonly topology = 'standalone'
  readonly readLagMs = 0
  linkEpoch = 0
  /** Connections beside the one for commands. */
  readonly sides: Set<SideLink> = new Set()
  /** Commands that left with a new link, before all others, and were not executed yet; it is not known to be repaired before they are. */
  unrepaired = 0
  readonly #host: SimHost
  readonly #onLink: Set<() => void> = new Set()
  readonly #waiting: Set<() => void> = new Set()
  #wire: Wire | undefined
  #node: SimNode | undefined
  #connection: Connection | undefined
  #asked: Asked[] = []
  #isTelling = false
  #isClosed = false
  /** Commands that were sent, ever. */
  sent = 0
  /** Until when, by the server's clock, what it was told to set may be stored. */
  notAfterMs: number = Number.NEGATIVE_INFINITY

  constructor(host: SimHost) {
    this.#host = host
    host.scheduler.later(`${host.name} connects`, () => this.#connect())
  }

  get isReady(): boolean {
    return this.#wire !== undefined && !this.#isClosed
  }

  onLink(listener: () => void): () => void {
    this.#onLink.add(listener)
    return () => this.#onLink.delete(listener)
  }

  async ready(signal?: AbortSignal): Promise<void> {
    if (this.isReady) return
    if (this.#isClosed) throw closed('sim')
    if (signal?.aborted) throw unavailable('sim', 'without a link')
    await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  nodeOf(): string | undefined {
    return this.#node?.name
  }

  send({ words }: Command): Promise<Reply> {
    if (this.#isClosed) return Promise.reject(closed('sim'))
    const wire = this.#wire
    if (this.#host.isDead()) return new Promise(() => undefined)
    if (wire === undefined) return Promise.reject(unavailable('sim', 'without a link'))
    const node = this.#node as SimNode
    const connection = this.#connection as Connection
    const isFirst = this.#isTelling
    if (isFirst) this.unrepaired += 1
    this.sent += 1
    if (words[1] === putUnlessFenced.sha1 || words[1] === putUnlessFenced.lua) this.notAfterMs = Number(words.at(-1))
    const { scheduler, describer, name } = this.#host
    scheduler.say(() => `${name} → ${describer.words(words)}`)
    return new Promise((resolve, reject) => {
      this.#asked.push({ words, resolve, reject })
      wire.toServer(() => {
        if (!node.isAlive) return
        scheduler.say(() => `  ${node.name} executes for ${name}: ${describer.words(words)}`)
        node.receive(connection, words)
        if (isFirst && this.#wire === wire) this.unrepaired -= 1
      })
    })
  }

  batch(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    return Promise.all(commands.map((command) => this.send(command).catch((error: Error) => error)))
  }

  async subscribe(channels: readonly string[], listener: SubscriptionListener): Promise<Subscription> {
    return this.#openSide('subscription', ['SUBSCRIBE', ...channels], {
      onPush: (push) => {
        if (push.kind !== 'message') return
        if (this.#host.losesMessage()) this.#host.scheduler.say(`  ${this.#host.name} misses a message`)
        else listener.onMessage(push.channel, push.message)
      },
      onDown: () => listener.onDown?.(),
      onUp: () => listener.onUp?.(),
    })
  }

  async track({ prefixes }: TrackingOptions, listener: TrackingListener): Promise<Tracking> {
    const { scheduler, name, describer } = this.#host
    const words = ['CLIENT', 'TRACKING', 'ON', 'BCAST', ...prefixes.flatMap((prefix) => ['PREFIX', prefix])]
    return this.#openSide('tracking link', words, {
      onPush: (push) => {
        if (push.kind !== 'invalidate') return
        scheduler.say(
          () => `  ${name} hears of ${push.keys === null ? 'everything' : push.keys.map((key) => describer.key(key)).join(', ')}`,
        )
        listener.onInvalidate(push.keys)
      },
      onDown: () => listener.onDown?.(),
      onUp: () => listener.onUp?.(),
    })
  }

  async primaries(): Promise<readonly PrimaryNode[]> {
    return [{ address: '', send: (words) => this.send({ words }) }]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const side of this.sides) await side.close()
    this.#end(false)
  }

  /** The process dies: what it has sent may still arrive. */
  die(isHeard: boolean): void {
    this.#wire?.cut(isHeard)
    for (const side of this.sides) void side.close()
  }

  stall(ms: number): void {
    this.#wire?.stall(['to server', 'to client'], ms)
  }

  /** The connection breaks. */
  cut(isHeard: boolean): void {
    if (this.#wire !== undefined) this.#lose(this.#wire, isHeard)
  }

  /** Nothing comes through any more; somebody notices after a while. */
  swallow(noticedInMs: number): void {
    const wire = this.#wire
    if (wire === undefined) return
    wire.swallow()
    this.#host.scheduler.later(`${this.#host.name} notices that its link is dead`, () => this.#lose(wire, false), noticedInMs)
  }

  #connect(): void {
    if (this.#isClosed || this.#host.isDead()) return
    const node = this.#host.primary()
    if (node === undefined) return this.#connectLater()
    const wire = new Wire(this.#host.scheduler, () => this.#host.latencyMs())
    this.#node = node
    this.#wire = wire
    this.#connection = node.accept((said) =>
      wire.toClient(() => {
        if (this.#wire === wire && said.kind === 'reply' && !this.#host.isDead()) this.#answered(said.reply)
      }),
    )
    node.onDeath(() => this.#host.scheduler.later(`${this.#host.name} loses its link`, () => this.#lose(wire, false)))
    this.linkEpoch += 1
    this.unrepaired = 0
    this.#host.scheduler.say(() => `${this.#host.name} has a link to ${node.name}`)
    this.#isTelling = true
    for (const listener of this.#onLink) listener()
    this.#isTelling = false
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  #connectLater(): void {
    this.#host.scheduler.later(`${this.#host.name} connects again`, () => this.#connect(), this.#host.scheduler.spread(5, 1_000))
  }

  #answered(reply: Reply): void {
    const asked = this.#asked.shift()
    const { scheduler, describer, name } = this.#host
    scheduler.say(() => `${name} ← ${describer.reply(reply)}`)
    if (reply instanceof Error) asked?.reject(reply)
    else asked?.resolve(reply)
  }

  #lose(wire: Wire, isHeard: boolean): void {
    if (this.#wire !== wire || this.#host.isDead() || this.#isClosed) return
    this.#host.scheduler.say(() => `${this.#host.name} has lost its link, with ${this.#asked.length} commands on it`)
    this.#end(isHeard)
    this.#connectLater()
  }

  #end(isHeard: boolean): void {
    this.#wire?.cut(isHeard)
    this.#wire = undefined
    const node = this.#node
    const connection = this.#connection
    // What is still on its way is executed for nobody.
    if (node !== undefined && connection !== undefined && !isHeard) node.end(connection)
    this.#node = undefined
    this.linkEpoch += 1
    for (const { reject } of this.#asked.splice(0)) reject(lost('sim'))
  }

  async #openSide(what: string, words: readonly string[], events: ConstructorParameters<typeof SideLink>[3]): Promise<SideLink> {
    const side = new SideLink(this.#host, what, words, events)
    this.sides.add(side)
    await side.open()
    return side
  }
}
