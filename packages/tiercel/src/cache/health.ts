import type { StoreHealth } from '../stores/gates.ts'
import type { Advice } from '../telemetry/advice.ts'
import type { Core } from './core.ts'

/** How a cache does. Plain data. */
export interface CacheHealth {
  /** `'degraded'`: it works, with the loader in the place of what fails; `problems` says what does. */
  readonly status: 'ok' | 'degraded'
  readonly problems: readonly HealthProblem[]
  /** What of the servers is set up in a way that will do harm sooner or later, as found after the first link. None of it makes `status` worse. */
  readonly advice: readonly Advice[]
  /** The store; missing where there is none, or nothing of it can fail. */
  readonly l2?: Omit<StoreHealth, 'advice'>
  /** How this process hears of changes by others; missing where it need not. */
  readonly coherence?: {
    /** Whether it does, now. */
    readonly isHeard: boolean
    /** How long ago that was proven, in ms; missing: never. */
    readonly provenMsAgo?: number
    /** `maxStaleness`, in ms. */
    readonly boundMs: number
  }
  /** Invalidations that the server was not told of yet. */
  readonly queuedInvalidations: number
  /** Leases that were not given back yet. */
  readonly queuedLeases: number
  /** Where they are limited. */
  readonly loads?: { readonly running: number; readonly waiting: number }
}

/**
 * `l2-down`: there is no link to the server. `breaker-open`: a node fails, and is left alone. `not-heard`: changes by other processes are not heard, and L1 is not served beyond its bound.
 * `invalidations-queued`: some were not applied yet. `loads-waiting`: more loads are wanted than may run.
 */
export type HealthProblem = 'l2-down' | 'breaker-open' | 'not-heard' | 'invalidations-queued' | 'loads-waiting'

export function healthOf(core: Core): CacheHealth {
  const store = core.l2?.health?.()
  const coherence = coherenceOf(core)
  const queuedInvalidations = core.journal?.queued ?? 0
  const loads = core.loads && { running: core.loads.running, waiting: core.loads.waiting }
  const isWrong: Readonly<Record<HealthProblem, boolean>> = {
    'l2-down': store?.link === 'down',
    'breaker-open': store?.nodes.some(({ state }) => state !== 'closed') ?? false,
    'not-heard': coherence?.isHeard === false && core.changes?.isStarted === true,
    'invalidations-queued': queuedInvalidations > 0,
    'loads-waiting': loads !== undefined && loads.waiting > 0,
  }
  const problems = (Object.keys(isWrong) as HealthProblem[]).filter((problem) => isWrong[problem])
  return {
    status: problems.length === 0 ? 'ok' : 'degraded',
    problems,
    advice: store?.advice ?? [],
    ...(store && { l2: withoutAdvice(store) }),
    ...(coherence && { coherence }),
    queuedInvalidations,
    queuedLeases: core.leases?.waiting ?? 0,
    ...(loads && { loads }),
  }
}

function coherenceOf({ changes, proof, nowMs }: Core): CacheHealth['coherence'] {
  if (changes === undefined) return undefined
  const { lastProvenAtMs, boundMs } = proof
  const provenMsAgo = nowMs() - lastProvenAtMs
  return { isHeard: changes.isUp && provenMsAgo <= boundMs, ...(Number.isFinite(provenMsAgo) && { provenMsAgo }), boundMs }
}

function withoutAdvice({ link, unanswered, retries, nodes }: StoreHealth): Omit<StoreHealth, 'advice'> {
  return { link, unanswered, retries, nodes }
}
