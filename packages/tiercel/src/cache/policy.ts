import { type Duration, durationMs } from '../kernel/duration.ts'
import { checkOptionNames, fraction } from '../kernel/options.ts'
import type { SetOptions } from './cache.ts'

/** How long entries live, in checked numbers. */
export interface Policy {
  readonly ttlMs: number
  /** Fraction of the ttl that chance may take away. */
  readonly jitter: number
}

export const setOptionNames: readonly string[] = ['ttl', 'jitter']
export const getOrSetOptionNames: readonly string[] = ['ttl', 'jitter', 'signal', 'schema', 'migrate']
export const getOptionNames: readonly string[] = ['schema', 'migrate']

/** The policy of one call: its own options over the cache's. */
export function callPolicy(cachePolicy: Policy, options: SetOptions | undefined, known: readonly string[], call: string): Policy {
  if (options === undefined) return cachePolicy
  checkOptionNames(options, known, call)
  return {
    ttlMs: options.ttl === undefined ? cachePolicy.ttlMs : durationMs(options.ttl as Duration, 'ttl'),
    jitter: options.jitter === undefined ? cachePolicy.jitter : fraction(options.jitter, 'jitter'),
  }
}

/**
 * The life of one entry: `ttl`, less a random part of it. Never more than `ttl`, so that the stated bound on an entry's age holds;
 * never less than 1 ms.
 */
export function lifeMs(policy: Policy, random: () => number): number {
  return policy.jitter === 0 ? policy.ttlMs : Math.max(1, Math.round(policy.ttlMs * (1 - policy.jitter * random())))
}
