import { createRandom } from '@tiercel/workloads'
import type { CoherenceMode } from '../../src/coherence/coherence-options.ts'
import type { Change } from './acts.ts'
import type { StoreMechanism } from './weakened.ts'

/**
 * What goes wrong, beside the order of events. `late`: answers that come after they were given up. `cut links`: connections that break, or swallow everything.
 * `slow links`: connections on which nothing arrives for a while. `outage`: a server that hangs for everybody. `lag`: loads from a replica of the source.
 */
export const weathers = ['calm', 'crash', 'eviction', 'late', 'failover', 'lag', 'cut links', 'slow links', 'outage', 'flush'] as const
export type Weather = (typeof weathers)[number]

/** How processes keep copies: not at all, or hearing of changes in one of the modes. */
export const tiers = ['L2 only', 'broadcast', 'bus', 'off'] as const
export type Tier = (typeof tiers)[number] & ('L2 only' | CoherenceMode)

export interface Plan {
  readonly seed: number
  readonly weather: Weather
  readonly tier: Tier
  /** Whether the server has `SET … IFEQ`, as Valkey 9 does, and Redis 8.0 does not. */
  readonly canCompare: boolean
  /** The changes there are, of one key and one tag. Default: a few, by chance. */
  readonly aim?: readonly Change[] | undefined
  /** A mechanism that is switched off. */
  readonly off?: StoreMechanism | undefined
  readonly isTracing?: boolean
}

/** What is not told on the bus: what the server does by itself, and what a process would have told had it lived. */
const untold: readonly Weather[] = ['crash', 'eviction', 'flush']

/** The world that a seed stands for. */
export function planOf(seed: number, weather?: Weather): Plan {
  const random = createRandom(`plan ${seed}`)
  const chosen = weather ?? (weathers[random.integer(weathers.length)] as Weather)
  const tier = tiers[random.integer(tiers.length)] as Tier
  const canCompare = random.integer(2) === 0
  return { seed, weather: chosen, tier: tier === 'bus' && untold.includes(chosen) ? 'broadcast' : tier, canCompare }
}
