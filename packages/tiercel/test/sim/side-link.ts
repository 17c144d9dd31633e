import { lost } from '../../src/client/unavailable.ts'
import type { Connection, Push } from './model/model-server.ts'
import type { SimHost } from './sim-client.ts'
import type { SimNode } from './sim-node.ts'
import { Wire } from './wire.ts'

export interface SideLinkEvents {
  onPush(push: Push): void
  onDown(): void
  onUp(): void
}

/** A connection of its own on which a process hears of changes or messages; opened again, after a while, whenever it is lost. */
export class SideLink {
  readonly #host: SimHost
  readonly #setUp: readonly string[]
  readonly #what: string
  readonly #events: SideLinkEvents
  #wire: Wire | undefined
  #node: SimNode | undefined
  #connection: Connection | undefined
  /** In the order in which they were asked. */
  #asked: { resolve: () => void; reject: (error: Error) => void }[] = []
  #isClosed = false

  /** @param setUp the command that makes it what it is */
  constructor(host: SimHost, what: string, setUp: readonly string[], events: SideLinkEvents) {
    this.#host = host
    this.#what = what
    this.#setUp = setUp
    this.#events = events
  }

  async open(): Promise<void> {
    const node = this.#host.primary()
    if (node === undefined) throw lost('sim')
    const wire = new Wire(this.#host.scheduler, this.#host.latencyMs)
    this.#wire = wire
    this.#node = node
    this.#connection = node.accept((said) =>
      wire.toClient(() => {
        if (this.#wire !== wire || this.#host.isDead()) return
        if (said.kind === 'reply') this.#asked.shift()?.resolve()
        else this.#events.onPush(said)
      }),
    )
    node.onDeath(() => this.#host.scheduler.later(`${this.#host.name} loses its ${this.#what}`, () => this.#lose(wire)))
    await this.#ask(this.#setUp)
  }

  /** A round trip over it. */
  ping(): Promise<void> {
    return this.#wire === undefined ? Promise.reject(lost('sim')) : this.#ask(['PING'])
  }

  stall(ms: number): void {
    this.#wire?.stall(['to client'], ms)
  }

  /** Nothing comes through any more; somebody notices after a while. */
  swallow(noticedInMs: number): void {
    const wire = this.#wire
    if (wire === undefined) return
    wire.swallow()
    this.#host.scheduler.later(`${this.#host.name} notices that its ${this.#what} is dead`, () => this.#lose(wire), noticedInMs)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#end()
  }

  #ask(words: readonly string[]): Promise<void> {
    const node = this.#node as SimNode
    const connection = this.#connection as Connection
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject })
      this.#wire?.toServer(() => node.receive(connection, words))
    })
  }

  #end(): void {
    this.#wire?.cut(false)
    this.#wire = undefined
    if (this.#connection !== undefined) this.#node?.end(this.#connection)
    for (const { reject } of this.#asked.splice(0)) reject(lost('sim'))
  }

  #lose(wire: Wire): void {
    if (this.#wire !== wire || this.#isClosed || this.#host.isDead()) return
    this.#end()
    this.#events.onDown()
    this.#openLater()
  }

  #openLater(): void {
    const { scheduler, name } = this.#host
    scheduler.later(
      `${name} opens its ${this.#what} again`,
      () => {
        if (this.#isClosed || this.#host.isDead()) return
        this.open().then(
          () => this.#isClosed || this.#events.onUp(),
          () => this.#isClosed || this.#openLater(),
        )
      },
      scheduler.spread(10, 1_000),
    )
  }
}
