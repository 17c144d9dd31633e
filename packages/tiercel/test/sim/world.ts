import type { Cache } from '../../src/cache/cache.ts'
import type { Store } from '../../src/stores/store.ts'
import type { Floors } from './floors.ts'
import type { Plan } from './plan.ts'
import type { ProcessClock } from './process-clock.ts'
import type { Scheduler } from './scheduler.ts'
import type { Servers } from './servers.ts'
import type { SimClient } from './sim-client.ts'
import type { Source } from './source.ts'
import type { Verdicts } from './verdicts.ts'

/** What all that is simulated has in common. */
export interface World {
  readonly plan: Plan
  readonly scheduler: Scheduler
  readonly servers: Servers
  readonly source: Source
  readonly verdicts: Verdicts
  readonly members: readonly Member[]
  /** Calls that have not ended. */
  readonly running: number
  /** A process ends, whatever it was about to do. */
  crash(member: Member): void
}

/** A process: the library whole, from the cache down to the port of its client. */
export interface Member {
  readonly name: string
  readonly client: SimClient
  readonly clock: ProcessClock
  readonly store: Store
  readonly cache: Cache
  /** Its own invalidations. */
  readonly own: Floors
  /** It has known nothing before, and is asked once. */
  readonly isCold: boolean
  isDead: boolean
  /** Calls that have not ended. */
  open: number
  /** Transactions of its sets. */
  locks: number
}

export const namespace = 'n'
export const keys = ['a', 'b'] as const
export const tags = ['s', 'x', 'y'] as const
export const leaseMs = 1_000
export const holdOffMs = 2_000
/** How far a replica of the source may be behind, less than the hold-off. */
export const lagMs = 1_000
export const boundMs = 1_000
/** Whose link breaks now and then hears on the bus of what he missed with one of the next signs of its sender. */
const looseBoundMs = 5_000

export function boundMsOf({ tier, weather }: Plan): number {
  return tier === 'bus' && weather === 'cut links' ? looseBoundMs : boundMs
}

/** What a step on the server may take. */
export const budgetMs = 50

/** No network is so slow that fences could not be renewed in time; where it breaks they have to stand for longer. */
export function fenceMsOf({ weather }: Plan): number {
  return weather === 'calm' || weather === 'crash' || weather === 'eviction' || weather === 'lag' ? 600 : 30_000
}

export function entryKey(key: string): string {
  return `tc1:e:${namespace}:${key}`
}

/** `''` is the namespace. */
export function tagKey(name: string): string {
  return `tc1:t:{${namespace}:}${name}`
}

export const counterKey: string = `tc1:n:{${namespace}:}`
