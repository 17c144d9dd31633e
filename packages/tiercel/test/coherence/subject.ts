import type { Duration } from '../../src/kernel/duration.ts'
import type { StampedValue } from '../../src/testing/index.ts'

export type Outcome = 'applied' | 'queued'

export interface SubjectOptions {
  readonly url: string
  readonly namespace: string
  /** Default: it has one. */
  readonly l1?: boolean
  /** Which client of the server it uses, if it can choose. */
  readonly client?: 'ioredis' | 'node-redis'
  /** How long a step on the server may take. Default 5 s: nothing is late because a machine was busy. */
  readonly stepTimeout?: Duration
}

/** What the workload needs of a cache, whichever it is. */
export interface Subject {
  get(key: string): Promise<unknown>
  getOrSet(key: string, load: () => Promise<StampedValue>, options: ReadOptions): Promise<unknown>
  set(key: string, value: StampedValue): Promise<Outcome>
  delete(key: string): Promise<Outcome>
  invalidateTag(tag: string): Promise<Outcome>
  expireTag(tag: string): Promise<unknown>
  clear(): Promise<Outcome>
  mutate(targets: Targets, change: () => Promise<unknown>): Promise<{ readonly outcome: Outcome }>
  close(): Promise<void>
}

export interface ReadOptions {
  readonly tags: readonly string[]
  readonly forceFresh?: boolean
}

export interface Targets {
  readonly keys?: string[]
  readonly tags?: string[]
}
