import { createRandom, type Random } from '@tiercel/workloads'
import type { CacheRead, Invalidation, Operation, SourceChange } from '../../src/testing/index.ts'

export interface Simulation {
  readonly seed: number
  readonly operations: number
  readonly keys?: number
  readonly processes?: number
  /** How long a process may go on with what it has when another invalidates. 0: a single register that all share. */
  readonly lagMs?: number
}

/** The tags of the simulated keys: one for every three keys. */
export function simulatedTagsOf(key: string): string[] {
  return [`t${Number(key.slice(1)) % 3}`]
}

/**
 * The history of a cache that keeps its promises, made up: every operation takes effect at one instant within its times, in the order of the
 * list. A read returns any version that is allowed.
 */
export function simulatedHistory(simulation: Simulation): Operation[] {
  return new Simulator(simulation).run()
}

class Simulator {
  readonly #random: Random
  readonly #plan: Required<Simulation>
  readonly #history: Operation[] = []
  readonly #newest: Map<string, number> = new Map()
  /** What an invalidation has told of, by whom, and when that took effect. */
  readonly #told: Map<string, { readonly version: number; readonly process: string; readonly atMs: number }[]> = new Map()
  /** By process and key. */
  readonly #seen: Map<string, number> = new Map()
  #nowMs = 1_000

  constructor(plan: Simulation) {
    this.#plan = { keys: 4, processes: 3, lagMs: 0, ...plan }
    this.#random = createRandom(plan.seed)
  }

  run(): Operation[] {
    for (let i = 0; i < this.#plan.operations; i += 1) {
      this.#nowMs += this.#random.integer(40)
      const kind = this.#random.integer(10)
      if (kind < 2) this.#change()
      else if (kind < 4) this.#invalidate()
      else this.#read()
    }
    return this.#history
  }

  #change(): void {
    const key = this.#key()
    const version = this.#version(key) + 1
    this.#newest.set(key, version)
    this.#add({ kind: 'change', key, version, outcome: 'committed', ...this.#call() })
  }

  #invalidate(): void {
    const scope = this.#random.integer(10)
    const call = this.#call()
    const key = this.#key()
    const [tag] = simulatedTagsOf(key)
    const target = scope < 7 ? { keys: [key] } : scope < 9 ? { tags: [tag as string] } : { all: true }
    const outcome = this.#random.integer(8) === 0 ? 'queued' : 'applied'
    const operation: Invalidation = { kind: 'invalidation', call: 'delete', outcome, ...target, ...call }
    for (const covered of this.#plan.lagMs === 0 ? [] : this.#covered(operation)) {
      const told = this.#told.get(covered) ?? []
      this.#told.set(covered, told)
      told.push({ version: this.#version(covered), process: call.process, atMs: this.#nowMs })
    }
    this.#add(operation)
  }

  #read(): void {
    const key = this.#key()
    const call = this.#call()
    const floor = this.#plan.lagMs === 0 ? this.#version(key) : this.#floor(key, call)
    const version = floor + this.#random.integer(this.#version(key) - floor + 1)
    const slot = `${call.process} ${key}`
    this.#seen.set(slot, Math.max(version, this.#seen.get(slot) ?? 0))
    const isMiss = this.#random.integer(20) === 0
    this.#add(isMiss ? { kind: 'read', key, ...call } : { kind: 'read', key, version, ...call })
  }

  #floor(key: string, { process }: Pick<CacheRead, 'process'>): number {
    let floor = this.#seen.get(`${process} ${key}`) ?? 0
    for (const told of this.#told.get(key) ?? []) {
      const isOld = told.process === process || told.atMs <= this.#nowMs - this.#plan.lagMs
      if (isOld) floor = Math.max(floor, told.version)
    }
    return floor
  }

  #covered({ keys, tags, all }: Invalidation): readonly string[] {
    const every = Array.from({ length: this.#plan.keys }, (_, at) => `k${at}`)
    return all ? every : (keys ?? every.filter((key) => simulatedTagsOf(key).some((tag) => tags?.includes(tag))))
  }

  /** It takes effect now: begun a moment ago, ended in a moment. */
  #call(): Pick<SourceChange, 'process' | 'startMs' | 'endMs'> {
    const process = `p${this.#random.integer(this.#plan.processes)}`
    return { process, startMs: this.#nowMs - this.#random.integer(60), endMs: this.#nowMs + this.#random.integer(60) }
  }

  #key(): string {
    return `k${this.#random.integer(this.#plan.keys)}`
  }

  #version(key: string): number {
    return this.#newest.get(key) ?? 0
  }

  #add(operation: Operation): void {
    this.#history.push(operation)
  }
}
