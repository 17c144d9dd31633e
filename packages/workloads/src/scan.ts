import { checkItems, type KeyDistribution } from './distribution.ts'

/** One key after the other, and again from the start: what flushes a least-recently-used cache. */
export function scan({ items }: { readonly items: number }): KeyDistribution {
  checkItems(items)
  let position = 0
  return {
    items,
    next() {
      const rank = position
      position = (position + 1) % items
      return rank
    },
    probability: (rank) => (rank >= 0 && rank < items ? 1 / items : 0),
  }
}
