import { hashText } from '../kernel/hash.ts'

/**
 * Numbers from 0 to 1, the same for the same seed on every machine. Not for secrets.
 *
 * A Weyl sequence through murmur3's finalizer (splitmix32): each of 2³² states comes once before the first comes again.
 */
export function seededRandom(seed: number | string): () => number {
  let [state] = hashText(String(seed))
  return () => {
    state = (state + 0x9e3779b9) | 0
    let x = state ^ (state >>> 16)
    x = Math.imul(x, 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    return ((x ^ (x >>> 16)) >>> 0) / 0x1_0000_0000
  }
}
