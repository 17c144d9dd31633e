/**
 * What is set up in a way that will do harm sooner or later, found once per node after its first link. Nothing fails because of it now: it is no problem of
 * the cache's health.
 */
export interface Advice {
  readonly code: AdviceCode
  /** `host:port` on a cluster, of the first node it was found on; empty where there is only one. */
  readonly node: string
  /** What was found, in the server's own words. */
  readonly found: string
  /** What to do. */
  readonly advice: string
}

/**
 * `old-server`: older than what Tiercel is tested with. `no-memory-limit`: the server takes what it is given until the system ends it. `no-eviction`: it refuses
 * writes when it is full. `evicts-fences`: what keeps old rows out may be evicted while it is needed. `replica`: it takes no writes. `one-of-a-cluster`:
 * other keys are refused. `no-scripts`: they are not there, or not allowed. `evicts-writes`: writes that were acknowledged and are not in the source yet may be evicted.
 */
export type AdviceCode =
  | 'old-server'
  | 'no-memory-limit'
  | 'no-eviction'
  | 'evicts-fences'
  | 'replica'
  | 'one-of-a-cluster'
  | 'no-scripts'
  | 'evicts-writes'
