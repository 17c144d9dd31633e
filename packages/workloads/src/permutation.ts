import { checkItems } from './distribution.ts'
import { createRandom } from './random.ts'

/**
 * A fixed shuffle of the numbers 0 to `items - 1`, computed and not stored: which row has which popularity. Without it the most
 * popular keys would be neighbours in the table, and the database would be flattered by its page cache.
 *
 * A four-round Feistel network over the next even power of two, walked until it lands inside (J. Black, P. Rogaway, "Ciphers with
 * arbitrary finite domains", CT-RSA 2002). Not for secrets.
 */
export function permutation({ items, seed }: { readonly items: number; readonly seed: number | string }): (rank: number) => number {
  checkItems(items)
  const random = createRandom(`permutation/${seed}`)
  const roundKeys = Array.from({ length: 4 }, () => random.integer(2 ** 32))
  const halfBits = Math.max(1, Math.ceil(Math.log2(items) / 2))
  const mask = 2 ** halfBits - 1

  const encrypt = (value: number) => {
    let left = Math.floor(value / (mask + 1))
    let right = value & mask
    for (const key of roundKeys) [left, right] = [right, left ^ (scramble(right ^ key) & mask)]
    return left * (mask + 1) + right
  }
  return (rank) => {
    if (!Number.isInteger(rank) || rank < 0 || rank >= items) {
      throw new RangeError(`rank: got ${rank}, allowed are whole numbers from 0 to ${items - 1}`)
    }
    let value = encrypt(rank)
    while (value >= items) value = encrypt(value)
    return value
  }
}

function scramble(value: number): number {
  let x = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return (x ^ (x >>> 15)) >>> 0
}
