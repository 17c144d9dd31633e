import type { Client, Command, Word } from '../client/client.ts'
import { type Clock, startTimer } from '../kernel/clock.ts'
import { DeadlineError, StoreError } from '../kernel/errors.ts'
import { Breaker, type BreakerReason, type BreakerSettings, type BreakerState } from '../resilience/breaker.ts'
import { deadlinesOf, type StartDeadline } from '../resilience/deadline.ts'
import { RetryBudget } from '../resilience/retry-budget.ts'
import type { Advice } from '../telemetry/advice.ts'
import { Admission, type AdmissionLimits, Gate, isFailure, type NodeHealth } from './gate.ts'
import { awayError, lateError, limit } from './limit.ts'

/** How a store does, as its own calls saw it. Asking for it sends nothing. */
export interface StoreHealth {
  /** `'unused'`: nothing was asked for yet. */
  readonly link: 'unused' | 'up' | 'down'
  /** Sent, and not answered by the server. */
  readonly unanswered: { readonly commands: number; readonly bytes: number }
  /** Reads that were sent a second time, since the store was created. */
  readonly retries: number
  /** Those that were asked something; one where there is no cluster. */
  readonly nodes: readonly NodeHealth[]
  /** What is set up in a way that will do harm, as found after the first link; empty until then. */
  readonly advice: readonly Advice[]
}

/** A circuit breaker has changed its state. */
export interface BreakerChange {
  /** `host:port` on a cluster; empty where there is only one. */
  readonly node: string
  readonly state: BreakerState
  /** Why it opened. */
  readonly reason?: BreakerReason
}

export interface GatesOptions {
  readonly breaker: BreakerSettings | undefined
  readonly admission: AdmissionLimits
  /** Retries per success. */
  readonly retryShare: number
  readonly clock: Clock
  readonly random: () => number
  onChange(change: BreakerChange): void
}

/** One question to one node: a command, or several that leave together. */
export interface Question<T> {
  readonly client: Client
  readonly gate: Gate
  readonly commands: readonly Command[]
  readonly limitMs: number
  /** Whether the answer has one place for each command, in which there may be an error. */
  readonly isPipeline: boolean
  /** For messages. */
  readonly operation: string
  /** Whether it changes nothing, and so may be sent again when its answer was lost. */
  readonly mayRepeat: boolean
  send(): Promise<T>
}

/** What a server that was not asked before is asked for: any key will do. */
const anyKey = 'tiercel:probe'

/** The ways to all nodes: every question has a deadline, a breaker and limits. */
export class Gates {
  readonly #options: GatesOptions
  readonly #gates: Map<string, Gate> = new Map()
  readonly #admission: Admission
  readonly #retries: RetryBudget
  readonly #nowMs: () => number
  readonly #startDeadline: StartDeadline
  #retried = 0
  #client: Client | undefined
  #isEnded = false

  constructor(options: GatesOptions) {
    this.#options = options
    this.#admission = new Admission(options.admission)
    this.#retries = new RetryBudget(options.retryShare)
    this.#nowMs = () => options.clock.monotonicMs()
    this.#startDeadline = deadlinesOf(options.clock)
  }

  /** The way to the node that a command with this key is sent to. */
  of(client: Client, key: string | undefined): Gate {
    this.#client = client
    const node = client.topology === 'cluster' && key !== undefined ? (client.nodeOf(key) ?? '') : ''
    return this.#gates.get(node) ?? this.#add(node)
  }

  /** The commands of a pipeline by the node they are sent to, with their places in it. */
  split(client: Client, commands: readonly Command[]): readonly { readonly gate: Gate; readonly places: number[] }[] {
    const groups = new Map<Gate, number[]>()
    commands.forEach(({ key }, at) => {
      const gate = this.of(client, key)
      const places = groups.get(gate)
      if (places === undefined) groups.set(gate, [at])
      else places.push(at)
    })
    return Array.from(groups, ([gate, places]) => ({ gate, places }))
  }

  /**
   * @throws {TIERCEL_BREAKER_OPEN} {TIERCEL_STORE_OVERLOADED} nothing was sent; {TIERCEL_STORE_DEADLINE}
   * @throws what `send` rejects with
   */
  ask<T>(question: Question<T>): Promise<T> {
    const { gate, commands, limitMs, operation } = question
    return new Promise((resolve, reject) => {
      const bytes = sizeOf(commands)
      const entered = gate.enter(commands[0]?.key)
      try {
        this.#admission.enter(commands.length, bytes)
      } catch (error) {
        gate.passed(entered)
        throw error
      }
      const startedAtMs = this.#nowMs()
      let isOpen = true
      const deadline = this.#startDeadline(limitMs, () => {
        isOpen = false
        const error = lateError(limitMs, operation)
        gate.failed(entered, error)
        reject(error)
      })
      const answered = (answer: T): void => {
        this.#admission.leave(commands.length, bytes)
        if (!isOpen) return
        isOpen = false
        deadline.cancel()
        if (question.isPipeline) this.#judge(gate, entered, answer as readonly unknown[], startedAtMs)
        else this.#succeeded(gate, entered, startedAtMs)
        resolve(answer)
      }
      const failed = (error: unknown): void => {
        this.#admission.leave(commands.length, bytes)
        if (!isOpen) return
        isOpen = false
        deadline.cancel()
        if (isFailure(error)) gate.failed(entered, error)
        else if (isLost(error)) gate.passed(entered)
        else this.#succeeded(gate, entered, startedAtMs)
        reject(error)
      }
      const repeat = (): Promise<T> => this.#again(question, limitMs - (this.#nowMs() - startedAtMs))
      const mayRepeat = (outcome: unknown): boolean => question.mayRepeat && isOpen && hasLost(outcome, question.isPipeline)
      question.send().then(
        (answer) => (mayRepeat(answer) ? repeat().then(answered, () => answered(answer)) : answered(answer)),
        (error) => (mayRepeat(error) ? repeat().then(answered, () => failed(error)) : failed(error)),
      )
    })
  }

  health(link: StoreHealth['link']): Omit<StoreHealth, 'advice'> {
    const { commands, bytes } = this.#admission
    const nowMs = this.#nowMs()
    const nodes = Array.from(this.#gates.values(), (gate) => gate.health(nowMs))
    return { link, unanswered: { commands, bytes }, retries: this.#retried, nodes }
  }

  /** There is a new link: what was found out about the old one may be over. */
  hint(): void {
    for (const { breaker } of this.#gates.values()) breaker?.hint()
  }

  end(): void {
    this.#isEnded = true
    for (const { breaker } of this.#gates.values()) breaker?.end()
  }

  #add(node: string): Gate {
    const { breaker: settings, clock, random, onChange } = this.#options
    const gate: Gate = new Gate(
      node,
      settings &&
        new Breaker(settings, {
          clock,
          nowMs: this.#nowMs,
          random,
          probe: () => this.#probe(gate),
          onChange: (state, reason) => onChange({ node, state, ...(reason && { reason }) }),
        }),
    )
    if (!this.#isEnded) this.#gates.set(node, gate)
    return gate
  }

  #judge(gate: Gate, entered: number, answers: readonly unknown[], startedAtMs: number): void {
    const failure = answers.find(isFailure)
    if (failure === undefined && answers.some(isLost)) gate.passed(entered)
    else if (failure === undefined) this.#succeeded(gate, entered, startedAtMs)
    else gate.failed(entered, failure)
  }

  #succeeded(gate: Gate, entered: number, startedAtMs: number): void {
    this.#retries.succeeded()
    gate.succeeded(entered, this.#nowMs() - startedAtMs)
  }

  /** Once more, a little later; rejects when it may not be, or there is no link by then. */
  async #again<T>({ client, send }: Question<T>, leftMs: number): Promise<T> {
    const { clock, random } = this.#options
    if (leftMs <= 0 || !this.#retries.spend()) throw awayError()
    // Full jitter: the others have lost the same link.
    await new Promise<void>((resolve) => startTimer(clock, random() * (leftMs / 2), resolve))
    if (!client.isReady) throw awayError()
    this.#retried += 1
    return send()
  }

  /** Asks the node for a key of its own. One that has no keys any more is forgotten. */
  async #probe(gate: Gate): Promise<void> {
    const client = this.#client
    const key = gate.key ?? anyKey
    if (client === undefined || !client.isReady) throw awayError()
    if (gate.node !== '' && client.nodeOf(key) !== gate.node) {
      this.#gates.delete(gate.node)
      gate.breaker?.end()
      this.#options.onChange({ node: gate.node, state: 'closed' })
      return
    }
    const limitMs = this.#options.breaker?.slowMs as number
    const probe = client.send({ words: ['GETRANGE', key, '0', '0'], key })
    await limit(probe, limitMs, () => lateError(limitMs, 'probe'), this.#startDeadline).catch((error) => {
      // Any other answer is one.
      if (error instanceof DeadlineError || isFailure(error) || isLost(error)) throw error
    })
  }
}

function hasLost(outcome: unknown, isPipeline: boolean): boolean {
  return isLost(outcome) || (isPipeline && Array.isArray(outcome) && outcome.some(isLost))
}

/** Whether a link broke before the answer came, or there was none. */
function isLost(outcome: unknown): boolean {
  return outcome instanceof StoreError && outcome.code === 'TIERCEL_STORE_UNAVAILABLE'
}

function sizeOf(commands: readonly Command[]): number {
  let size = 0
  for (const { words } of commands) size += sizeOfWords(words)
  return size
}

function sizeOfWords(words: readonly Word[]): number {
  let size = 0
  for (const word of words) size += word.length
  return size
}
