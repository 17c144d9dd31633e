import { checkItems, type KeyDistribution } from './distribution.ts'
import type { Random } from './random.ts'

/** Every key as likely as any other: the worst case for a cache that holds only some of them. */
export function uniform({ items, random }: { readonly items: number; readonly random: Random }): KeyDistribution {
  checkItems(items)
  return {
    items,
    next: () => random.integer(items),
    probability: (rank) => (rank >= 0 && rank < items ? 1 / items : 0),
  }
}
