import type { Reply } from './client.ts'
import { folderOf, foldReply } from './reply.ts'

/** Their numbers are doubles, which are bytes in RESP2: GLIDE makes numbers of them, and integers of whole ones. */
const doubles = new Set([
  ...['ZSCORE', 'ZMSCORE', 'ZINCRBY', 'INCRBYFLOAT', 'HINCRBYFLOAT', 'GEODIST', 'GEOPOS', 'VSIM'],
  ...['ZRANGE', 'ZREVRANGE', 'ZRANGEBYSCORE', 'ZREVRANGEBYSCORE', 'ZDIFF', 'ZINTER', 'ZUNION', 'ZRANDMEMBER', 'ZPOPMIN', 'ZPOPMAX'],
])
/** Maps of entries, whose fields GLIDE gives in pairs. */
const streams = new Set(['XREAD', 'XREADGROUP', 'XRANGE', 'XREVRANGE', 'XCLAIM', 'XAUTOCLAIM'])

/**
 * What gives the replies of GLIDE to a command their RESP2 shape. It decodes a map to records of key and value whatever protocol the link speaks,
 * and a whole double to the same number as an integer: in the reply of a script it stays one.
 */
export function glideFolderOf(words: readonly unknown[]): (reply: unknown) => Reply {
  const name = String(words[0]).toUpperCase()
  if (streams.has(name)) return foldEntries
  const isDouble = doubles.has(name) || (name === 'ZADD' && words.some((word) => String(word).toUpperCase() === 'INCR'))
  const fold = folderOf(name)
  return (reply) => fold(flatten(reply, isDouble))
}

function flatten(reply: unknown, isDouble: boolean): unknown {
  if (typeof reply === 'number') return isDouble || !Number.isInteger(reply) ? Buffer.from(doubleText(reply)) : reply
  if (!Array.isArray(reply)) return reply
  const map = mapOf(reply)
  if (map !== undefined) return map.flatMap(({ key, value }) => [flatten(key, isDouble), flatten(value, isDouble)])
  return reply.map((item) => flatten(item, isDouble))
}

function foldEntries(reply: unknown): Reply {
  if (!Array.isArray(reply)) return foldReply(reply)
  const map = mapOf(reply)
  if (map !== undefined) return map.map(({ key, value }) => [foldReply(key), foldEntries(value)])
  if (reply.length > 0 && reply.every(isField)) return (reply as Buffer[][]).flat()
  return reply.map(foldEntries)
}

interface KeyAndValue {
  readonly key: unknown
  readonly value: unknown
}

function mapOf(items: readonly unknown[]): readonly KeyAndValue[] | undefined {
  const [first] = items
  const isMap = typeof first === 'object' && first !== null && !(first instanceof Buffer) && 'key' in first && 'value' in first
  return isMap ? (items as readonly KeyAndValue[]) : undefined
}

function isField(item: unknown): boolean {
  return Array.isArray(item) && item.length === 2 && item.every((part) => part instanceof Buffer)
}

/** As servers write them. */
function doubleText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
}
