import { ServerError, StoreError, TiercelError } from '../kernel/errors.ts'
import type { Reply } from './client.ts'

/**
 * Gives a decoded reply the RESP2 shape of the contract. Clients are asked for bytes and flat arrays where they can give
 * them, so that for the common replies nothing is left to do; strings are what remains of doubles and big numbers.
 */
export function foldReply(reply: unknown): Reply {
  if (reply instanceof Buffer || reply === null || typeof reply === 'number') return reply
  if (Array.isArray(reply)) return foldItems(reply)
  if (reply instanceof Error) return toClientError(reply)
  if (typeof reply === 'boolean') return reply ? 1 : 0
  if (typeof reply === 'object') return foldItems(Object.entries(reply).flat())
  return reply === undefined ? null : Buffer.from(String(reply))
}

function foldItems(items: unknown[]): Reply[] {
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (item instanceof Buffer || item === null || typeof item === 'number') continue
    items[index] = foldReply(item)
  }
  return items as Reply[]
}

/** RESP3 answers these with pairs where RESP2 answers with one flat array (with `WITHSCORES`, `WITHVALUES` or a count). */
const pairsToFlat = [
  ...['ZRANGE', 'ZREVRANGE', 'ZRANGEBYSCORE', 'ZREVRANGEBYSCORE', 'ZDIFF', 'ZINTER', 'ZUNION', 'ZRANDMEMBER'],
  ...['ZPOPMIN', 'ZPOPMAX', 'HRANDFIELD', 'VSIM'],
]
/** RESP3 answers these with a map, which is decoded flat, where RESP2 answers with pairs. */
const flatToPairs = ['XREAD', 'XREADGROUP']

const folders = new Map<unknown, (reply: unknown) => Reply>([
  ...pairsToFlat.map((name) => [name, (reply: unknown) => reshape(foldReply(reply), flatten)] as const),
  ...flatToPairs.map((name) => [name, (reply: unknown) => reshape(foldReply(reply), pair)] as const),
])

/** What gives replies to the command `name` their RESP2 shape: `foldReply` for nearly all. */
export function folderOf(name: unknown): (reply: unknown) => Reply {
  return folders.get(name) ?? foldReply
}

function reshape(reply: Reply, items: (items: Reply[]) => Reply[]): Reply {
  return Array.isArray(reply) ? items(reply) : reply
}

function flatten(items: Reply[]): Reply[] {
  return Array.isArray(items[0]) ? (items as Reply[][]).flat(1) : items
}

function pair(items: Reply[]): Reply[] {
  if (Array.isArray(items[0])) return items
  const pairs: Reply[] = []
  for (let index = 0; index + 1 < items.length; index += 2) pairs.push([items[index] as Reply, items[index + 1] as Reply])
  return pairs
}

/** What a client package threw, in our words. The texts that packages throw hold no keys or values; their objects may. */
export function toClientError(error: unknown): Error {
  if (TiercelError.is(error)) return error
  const text = error instanceof Error ? error.message : String(error)
  if (isServerError(error)) return new ServerError(text)
  // ioredis hangs the whole command on its errors.
  const isBare = !(error instanceof Error && 'command' in error)
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', `The link to the server is lost: ${text}`, isBare ? { cause: error } : {})
}

/** For the second place of `then`. */
export function throwClientError(error: unknown): never {
  throw toClientError(error)
}

const serverErrorClasses = new Set(['ErrorReply', 'SimpleError', 'BlobError', 'ReplyError'])

/** By class where its name has survived a bundler, else by its text: servers begin with a word in capitals, clients do not. */
function isServerError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  for (let proto = Object.getPrototypeOf(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (serverErrorClasses.has(proto.constructor.name)) return true
  }
  return /^[A-Z][A-Z0-9_]+ /.test(error.message)
}
