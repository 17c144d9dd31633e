/**
 * The hash slot of a key: CRC16 (XMODEM) of its hash tag, or of all of it, modulo 16384.
 * As in the cluster specification, https://valkey.io/topics/cluster-spec/ (key distribution model, hash tags).
 *
 * @param key text; its UTF-8 bytes are what is hashed
 * @returns 0 to 16383
 */
export function slotOf(key: string): number {
  let start = 0
  let end = key.length
  const open = key.indexOf('{')
  if (open !== -1) {
    const close = key.indexOf('}', open + 1)
    if (close > open + 1) {
      start = open + 1
      end = close
    }
  }
  let crc = 0
  for (let index = start; index < end; index++) {
    const code = key.charCodeAt(index)
    if (code > 127) return crcOfBytes(key.slice(start, end)) & 16383
    crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ code] as number)
  }
  return crc & 16383
}

function crcOfBytes(text: string): number {
  let crc = 0
  for (const byte of Buffer.from(text)) crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] as number)
  return crc
}

const table: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc & 0xffff
})
