import { randomFillSync } from 'node:crypto'

export const tokenBytes = 12

const pool = Buffer.alloc(tokenBytes * 256)
let used = pool.length

/** Writes 96 random bits into `target`: unique without a clock or a coordinator. Random bytes are drawn 256 tokens at a time. */
export function writeToken(target: Buffer, offset: number): void {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  pool.copy(target, offset, used, used + tokenBytes)
  used += tokenBytes
}
