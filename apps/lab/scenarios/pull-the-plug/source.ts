import { setTimeout as wait } from 'node:timers/promises'
import { sharedClockMs } from '../shared-clock.ts'
import type { Load, Product } from './protocol.ts'

/** A source that does so many loads at a time, each in the same time; more wait in line. What it has changes. */
export class Source {
  readonly #loadMs: number
  /** When each of its connections is free. */
  readonly #freeAtMs: number[]
  readonly #onLoad: (load: Load) => unknown
  /** When each version of each product became true; the first one always was. */
  readonly #changedAtMs: number[][]

  constructor(options: { readonly products: number; readonly loadMs: number; readonly connections: number; onLoad(load: Load): unknown }) {
    this.#loadMs = options.loadMs
    this.#onLoad = options.onLoad
    this.#freeAtMs = Array.from({ length: options.connections }, () => 0)
    this.#changedAtMs = Array.from({ length: options.products }, () => [Number.NEGATIVE_INFINITY])
  }

  async load(id: number): Promise<Product> {
    const startMs = sharedClockMs()
    const connection = this.#freeAtMs.indexOf(Math.min(...this.#freeAtMs))
    const servedAtMs = Math.max(startMs, this.#freeAtMs[connection] as number)
    this.#freeAtMs[connection] = servedAtMs + this.#loadMs
    await wait(servedAtMs - startMs)
    // What is read is what is true when its turn has come.
    const version = this.#versionsOf(id).length - 1
    await wait(this.#loadMs)
    const endMs = sharedClockMs()
    this.#onLoad({ startMs, endMs })
    return { id, version, loadedAtMs: endMs }
  }

  /** Commits. */
  change(id: number): void {
    this.#versionsOf(id).push(sharedClockMs())
  }

  /** For how long it had been replaced at that moment. */
  outdatedMs({ id, version }: Product, atMs: number): number {
    return Math.max(0, atMs - (this.#versionsOf(id)[version + 1] ?? atMs))
  }

  #versionsOf(id: number): number[] {
    return this.#changedAtMs[id] as number[]
  }
}
