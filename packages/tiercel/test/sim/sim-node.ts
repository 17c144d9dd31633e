import type { Reply, Word } from '../../src/client/client.ts'
import { type Abilities, type Connection, type Content, ModelServer, type Push } from './model/model-server.ts'
import { serverOriginMs } from './process-clock.ts'
import type { Scheduler } from './scheduler.ts'

/** What a server says over a connection, in this order. */
export type Said = { readonly kind: 'reply'; readonly reply: Reply } | Push

interface NodeConnection extends Connection {
  readonly outbox: Said[]
  readonly deliver: (said: Said) => void
}

/** How likely commands that arrive soon after each other are executed in one turn of the server's event loop, and how long that takes at most. */
const turnChance = 0.3
const longestTurnMs = 0.5

/** A server process: the model of one, its connections, and the turns of its event loop, at whose end it answers first and then tells of what has changed. */
export class SimNode {
  readonly server: ModelServer
  readonly name: string
  isAlive = true
  readonly #scheduler: Scheduler
  readonly #connections: Set<NodeConnection> = new Set()
  #isInTurn = false
  #deaths: (() => void)[] = []

  constructor(name: string, scheduler: Scheduler, abilities: Abilities) {
    this.name = name
    this.#scheduler = scheduler
    this.server = new ModelServer(() => serverOriginMs + scheduler.nowMs, abilities)
  }

  accept(deliver: (said: Said) => void): Connection {
    const outbox: Said[] = []
    const connection: NodeConnection = { prefixes: undefined, channels: new Set(), outbox, deliver, push: (push) => void outbox.push(push) }
    this.#connections.add(connection)
    this.server.connections.add(connection)
    return connection
  }

  end(connection: Connection): void {
    this.#connections.delete(connection as NodeConnection)
    this.server.connections.delete(connection)
  }

  receive(connection: Connection, words: readonly Word[]): void {
    if (!this.isAlive) return
    const reply = this.server.execute(connection, words)
    ;(connection as NodeConnection).outbox.push({ kind: 'reply', reply })
    this.#endTurn()
  }

  /** Something happened to it that nobody asked for. */
  happen(change: (server: ModelServer) => void): void {
    if (!this.isAlive) return
    change(this.server)
    this.#endTurn()
  }

  /** Calls `listener` when it dies. */
  onDeath(listener: () => void): void {
    this.#deaths.push(listener)
  }

  die(): void {
    this.isAlive = false
    for (const listener of this.#deaths.splice(0)) listener()
  }

  /** What its replica has. */
  copy(): ReadonlyMap<string, Content> {
    return new Map(this.server.contents)
  }

  #endTurn(): void {
    if (this.#isInTurn) return
    if (!this.#scheduler.chance(turnChance)) return this.#answer()
    this.#isInTurn = true
    this.#scheduler.at(this.#scheduler.nowMs + this.#scheduler.random() * longestTurnMs, undefined, () => {
      this.#isInTurn = false
      if (this.isAlive) this.#answer()
    })
  }

  /** What was asked is answered before what has changed is told: so an answer may be younger than what it overtakes. */
  #answer(): void {
    this.server.endTurn()
    for (const { outbox, deliver } of this.#connections) for (const said of outbox.splice(0)) deliver(said)
  }
}
