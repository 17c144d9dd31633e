import { checkItems, type KeyDistribution } from './distribution.ts'
import type { Random } from './random.ts'

export interface HotspotOptions {
  readonly items: number
  /** How many keys are hot. 1 to `items`. */
  readonly hotItems: number
  /** Share of the requests that go to the hot ones. 0 to 1. */
  readonly hotShare: number
  readonly random: Random
}

/** Two flat levels: `hotShare` of the requests to the first `hotItems` keys, the rest spread over the others. */
export function hotspot({ items, hotItems, hotShare, random }: HotspotOptions): KeyDistribution {
  checkItems(items)
  if (!Number.isInteger(hotItems) || hotItems < 1 || hotItems > items) {
    throw new RangeError(`hotItems: got ${hotItems}, allowed are whole numbers from 1 to ${items}`)
  }
  if (!(hotShare >= 0 && hotShare <= 1)) throw new RangeError(`hotShare: got ${hotShare}, allowed is 0 to 1`)
  const coldItems = items - hotItems
  const share = coldItems === 0 ? 1 : hotShare
  return {
    items,
    next: () => (random.next() < share ? random.integer(hotItems) : hotItems + random.integer(coldItems)),
    probability(rank) {
      if (rank < 0 || rank >= items) return 0
      return rank < hotItems ? share / hotItems : (1 - share) / coldItems
    },
  }
}
