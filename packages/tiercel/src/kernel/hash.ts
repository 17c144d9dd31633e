/**
 * A 64-bit hash of text, as two unsigned halves. Two multiplicative lanes with a final mix; not for secrets.
 *
 * An entry carries the hash of the key it was stored under: a value that a bug, a proxy or a restored dump brought to another key is
 * told from one that belongs there.
 */
export function hashText(text: string): readonly [high: number, low: number] {
  let a = 0xdeadbeef ^ text.length
  let b = 0x41c6ce57 ^ text.length
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  const high = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  const low = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return [high >>> 0, low >>> 0]
}

const table = crcTable()

/** CRC-32 (IEEE) of a few bytes, where a call into native code would cost more than the sum itself. */
export function crc32Short(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1
  for (let i = start; i < end; i += 1) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 0xff] as number)
  return (crc ^ -1) >>> 0
}

function crcTable(): Int32Array {
  const rows = new Int32Array(256)
  for (let n = 0; n < 256; n += 1) {
    let row = n
    for (let bit = 0; bit < 8; bit += 1) row = row & 1 ? (row >>> 1) ^ 0xedb88320 : row >>> 1
    rows[n] = row
  }
  return rows
}
