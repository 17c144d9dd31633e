import { createCache } from '../../src/cache/create-cache.ts'
import { GatedStore } from './gated-store.ts'

/** For what holds wherever values are kept: `describe.each(tiers)`. */
export const tiers = [
  ['L1 alone', () => createCache()],
  ['L2 alone', () => createCache({ l1: false, l2: new GatedStore() })],
  ['L1 and L2', () => createCache({ l2: new GatedStore() })],
] as const
