import type { Cache } from '../../src/cache/cache.ts'
import type { Store } from '../../src/stores/store.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import type { Change } from './acts.ts'
import type { Floors } from './floors.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimStore } from './sim-store.ts'
import type { Source } from './source.ts'
import type { Verdicts } from './verdicts.ts'

/** What goes wrong, beside the order of events. */
export type Weather = 'calm' | 'crash' | 'eviction' | 'loss' | 'failover' | 'lag' | 'cut links' | 'slow links'

export interface Plan {
  readonly seed: number
  readonly weather: Weather
  /** A memory store on `clock`, or a real server, whose time cannot be moved. */
  readonly store: Store
  readonly clock: FakeClock
  readonly canPass: boolean
  /** Whether processes keep copies. */
  readonly hasL1: boolean
  readonly namespace: string
  /** The changes there are, of one key and one tag. Default: a few, by chance. */
  readonly aim?: readonly Change[] | undefined
}

/** What all that is simulated has in common. */
export interface World {
  readonly plan: Plan
  readonly scheduler: Scheduler
  readonly source: Source
  readonly verdicts: Verdicts
  /** A process ends, whatever it was about to do. */
  crash(member: Member): void
}

export interface Member {
  readonly name: string
  readonly store: SimStore
  readonly cache: Cache
  /** Its own invalidations. */
  readonly own: Floors
  /** It has known nothing before, and is asked once. */
  readonly isCold: boolean
  /** Calls that have not ended. */
  open: number
  /** Transactions of its sets. */
  locks: number
}

export const keys = ['a', 'b'] as const
export const tags = ['s', 'x', 'y'] as const
export const leaseMs = 1_000
export const fenceMs = 600
export const holdOffMs = 2_000
/** How far a replica may be behind, less than the hold-off. */
export const lagMs = 1_000
export const boundMs = 1_000

export function entryKey({ namespace }: Plan, key: string): string {
  return `tc1:e:${namespace}:${key}`
}

/** `''` is the namespace. */
export function tagKey({ namespace }: Plan, name: string): string {
  return `tc1:t:{${namespace}:}${name}`
}

export function counterKey({ namespace }: Plan): string {
  return `tc1:n:{${namespace}:}`
}
