/** A command that a client sent. */
export interface Request {
  /** In upper case: `SET`. */
  readonly name: string
  /** What comes after the name, as UTF-8 text; the first 1024 of them, and the first 1024 bytes of each. */
  readonly args: readonly string[]
}

const allArgs = words(
  'mget del unlink exists touch watch pfcount pfmerge sinter sunion sdiff sinterstore sunionstore sdiffstore ssubscribe',
)
const twoArgs = words('rename renamenx copy smove lmove blmove rpoplpush brpoplpush lcs geosearchstore zrangestore')
const allButLast = words('blpop brpop bzpopmin bzpopmax')
const countedAfterOne = words('eval evalsha eval_ro evalsha_ro fcall fcall_ro zunionstore zinterstore zdiffstore blmpop bzmpop')
const counted = words('zunion zinter zdiff zintercard sintercard lmpop zmpop')
const afterSubcommand = words('bitop memory object xgroup xinfo')
const none = words(
  'acl asking auth bgrewriteaof bgsave client cluster command config dbsize debug discard echo exec failover flushall flushdb function hello info ' +
    'keys lastsave latency lolwut module monitor multi ping psubscribe psync publish pubsub punsubscribe quit randomkey readonly readwrite replconf ' +
    'replicaof reset role save scan script select shutdown slaveof slowlog spublish subscribe sunsubscribe swapdb sync time unsubscribe unwatch wait waitaof',
)

/** The keys among the arguments of a command; the first one, for a command that is not known. */
export function keysOf({ name, args }: Request): readonly string[] {
  if (none.has(name)) return []
  if (allArgs.has(name)) return args
  if (twoArgs.has(name)) return args.slice(0, 2)
  if (allButLast.has(name)) return args.slice(0, -1)
  if (name === 'MSET' || name === 'MSETNX') return args.filter((_, at) => at % 2 === 0)
  if (counted.has(name)) return args.slice(1, 1 + Number(args[0]))
  if (countedAfterOne.has(name)) return [...storedAt(name, args), ...args.slice(2, 2 + Number(args[1]))]
  if (afterSubcommand.has(name)) return args.slice(1, 2)
  if (name === 'XREAD' || name === 'XREADGROUP') return streamsOf(args)
  return args.slice(0, 1)
}

/** Names of commands, to look them up. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.toUpperCase().split(' '))
}

function storedAt(name: string, args: readonly string[]): readonly string[] {
  return name.endsWith('STORE') ? args.slice(0, 1) : []
}

function streamsOf(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => arg.toUpperCase() === 'STREAMS') + 1
  return at === 0 ? [] : args.slice(at, at + (args.length - at) / 2)
}
