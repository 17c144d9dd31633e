import { tokenBytes } from '../kernel/token.ts'

/**
 * What a key holds while somebody changes its source, wire version 1. Nothing may be stored there until the items are gone.
 *
 *     F fence    at 1: 1 contended, '0' or '1'   2: items, each 12 token of its owner and 13 digits, its deadline in ms of the server's clock
 *
 * Every change under way is an item of its own, so that the end of one does not uncover the other. An item of nobody, whose token is zeros,
 * is a hold-off: it keeps loads from a lagging replica out for a while. `contended` says that there have ever been two: then nobody knows
 * in which order the changes were made, and no value may come into the place of the fence.
 */
export interface Fence {
  readonly isContended: boolean
  readonly items: readonly FenceItem[]
}

export interface FenceItem {
  /** 12 bytes. */
  readonly owner: Buffer
  readonly deadlineMs: number
}

export const fenceByte = 0x46
/** The owner of a hold-off. */
export const nobody: Buffer = Buffer.alloc(tokenBytes)
const deadlineDigits = 13
const itemBytes = tokenBytes + deadlineDigits
const headBytes = 2
const contendedByte = 0x31

export function encodeFence({ isContended, items }: Fence): Buffer {
  const bytes = Buffer.alloc(headBytes + items.length * itemBytes)
  bytes[0] = fenceByte
  bytes[1] = isContended ? contendedByte : 0x30
  items.forEach(({ owner, deadlineMs }, at) => {
    const start = headBytes + at * itemBytes
    owner.copy(bytes, start)
    bytes.write(String(Math.ceil(deadlineMs)).padStart(deadlineDigits, '0'), start + tokenBytes, 'latin1')
  })
  return bytes
}

/** In place. */
export function markContended(fence: Buffer): void {
  fence[1] = contendedByte
}

/** Never throws: what is no item is left out. */
export function decodeFence(bytes: Buffer): Fence {
  const items: FenceItem[] = []
  for (let start = headBytes; start + itemBytes <= bytes.length; start += itemBytes) {
    const deadlineMs = Number(bytes.toString('latin1', start + tokenBytes, start + itemBytes))
    if (Number.isFinite(deadlineMs)) items.push({ owner: Buffer.from(bytes.subarray(start, start + tokenBytes)), deadlineMs })
  }
  return { isContended: bytes[1] === contendedByte, items }
}
