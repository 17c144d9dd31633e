import type { Abilities, Content, ModelServer } from './model/model-server.ts'
import type { Scheduler } from './scheduler.ts'
import { SimNode } from './sim-node.ts'

/** The primary, what its replica has of it, and what becomes of both. */
export class Servers {
  readonly #scheduler: Scheduler
  readonly #abilities: Abilities
  #primary: SimNode
  #replicated: ReadonlyMap<string, Content> = new Map()
  #count = 1
  /** Replaces commands of each server that comes up: how a test switches a mechanism off. */
  readonly #prepare: (server: ModelServer) => void

  constructor(scheduler: Scheduler, abilities: Abilities, prepare: (server: ModelServer) => void) {
    this.#scheduler = scheduler
    this.#abilities = abilities
    this.#prepare = prepare
    this.#primary = this.#start()
  }

  /** `undefined`: there is none at the moment. */
  get primary(): SimNode | undefined {
    return this.#primary.isAlive ? this.#primary : undefined
  }

  /** The last one, alive or not. */
  get server(): ModelServer {
    return this.#primary.server
  }

  /** All that was executed so far is known to the replica. */
  replicate(): void {
    if (this.#primary.isAlive) this.#replicated = this.#primary.copy()
  }

  /** The primary dies; after a while its replica takes over with what it has. Nobody is told of what is lost. */
  failOver(forMs: number): void {
    this.#scheduler.say(`${this.#primary.name} dies`)
    this.#primary.die()
    const kept = new Map(this.#replicated)
    this.#scheduler.at(this.#scheduler.nowMs + forMs, undefined, () => {
      this.#primary = this.#start()
      for (const [key, content] of kept) this.#primary.server.contents.set(key, content)
      this.#scheduler.say(`${this.#primary.name} takes over with ${kept.size} keys`)
    })
  }

  #start(): SimNode {
    const node = new SimNode(`server ${this.#count++}`, this.#scheduler, this.#abilities)
    this.#prepare(node.server)
    return node
  }
}
