import { ServerError, StoreError } from '../kernel/errors.ts'
import type { Breaker, BreakerState } from '../resilience/breaker.ts'

/** How one node does, as its calls saw it. */
export interface NodeHealth {
  /** `host:port` on a cluster; empty where there is only one. */
  readonly node: string
  readonly state: BreakerState
  /** For how long, in ms. */
  readonly forMs: number
  /** Within the breaker's window. */
  readonly calls: number
  readonly failures: number
  readonly slow: number
}

/** What may wait for answers of a server at a time, all nodes together. */
export interface AdmissionLimits {
  readonly maxCommands: number
  readonly maxBytes: number
}

/** Commands that were sent and not answered: also those that nobody waits for any more, since the client still keeps them. */
export class Admission {
  readonly #limits: AdmissionLimits
  commands = 0
  bytes = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** @throws {TIERCEL_STORE_OVERLOADED} */
  enter(commands: number, bytes: number): void {
    const { maxCommands, maxBytes } = this.#limits
    // One alone is let through, however large: it would never be let through otherwise.
    if (this.commands > 0 && (this.commands + commands > maxCommands || this.bytes + bytes > maxBytes)) throw this.#refusal()
    this.commands += commands
    this.bytes += bytes
  }

  leave(commands: number, bytes: number): void {
    this.commands -= commands
    this.bytes -= bytes
  }

  #refusal(): StoreError {
    const { maxCommands, maxBytes } = this.#limits
    return new StoreError(
      'TIERCEL_STORE_OVERLOADED',
      `The server has not answered ${this.commands} commands of ${this.bytes} bytes yet; no more are sent. Allowed: ${maxCommands} commands, ${maxBytes} bytes.`,
    )
  }
}

/** Answers that say that a node cannot serve now, whatever it is asked. */
const failing = ['LOADING', 'BUSY', 'CLUSTERDOWN', 'MASTERDOWN']

/** Whether an answer, or what came in its place, says that the node fails. A link that broke does not: the client knows when there is another. */
export function isFailure(answer: unknown): boolean {
  return answer instanceof ServerError && failing.includes(answer.reply)
}

/** The way to one node: what is asked of it, unless it fails. */
export class Gate {
  readonly node: string
  readonly breaker: Breaker | undefined
  /** A key of this node, to ask for when it is to be found out how it does. */
  key: string | undefined
  /** Why it was refused last. */
  lastError: unknown

  constructor(node: string, breaker: Breaker | undefined) {
    this.node = node
    this.breaker = breaker
  }

  /** @throws {TIERCEL_BREAKER_OPEN} */
  enter(key: string | undefined): number {
    if (this.breaker === undefined) return 1
    const entered = this.breaker.enter()
    if (entered === 0) throw this.#refusal()
    this.key = key
    return entered
  }

  succeeded(entered: number, tookMs: number): void {
    this.breaker?.succeeded(entered, tookMs)
  }

  failed(entered: number, error: unknown): void {
    this.lastError = error
    this.breaker?.failed(entered)
  }

  passed(entered: number): void {
    this.breaker?.passed(entered)
  }

  health(nowMs: number): NodeHealth {
    const { node, breaker } = this
    if (breaker === undefined) return { node, state: 'closed', forMs: 0, calls: 0, failures: 0, slow: 0 }
    return { node, state: breaker.state, forMs: nowMs - breaker.changedAtMs, ...breaker.counts }
  }

  #refusal(): StoreError {
    const at = this.node === '' ? 'The server' : `The node ${this.node}`
    return new StoreError('TIERCEL_BREAKER_OPEN', `${at} fails, and is not asked until a probe has been answered.`, {
      cause: this.lastError,
    })
  }
}
