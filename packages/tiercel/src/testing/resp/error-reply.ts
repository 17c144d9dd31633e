import { slotOf } from '../../client/slot.ts'
import { keysOf, type Request, words } from './request.ts'

/**
 * Errors that a server answers with for a while, whatever the command says, by the word that they begin with.
 *
 * Each is for certain commands unless the rule names others:
 * - `LOADING`, it reads its data set: all commands but those of the connection and of its own state (HELLO, CLIENT, INFO, …)
 * - `MASTERDOWN`, a replica whose primary is away and that serves nothing stale: the same
 * - `BUSY`, a script does not end: all but HELLO, AUTH, SCRIPT and the like
 * - `READONLY`, a replica, or a primary that a failover made one: commands that write, and scripts but `EVAL_RO` and the like
 * - `OOM`, memory is full and the policy is not to evict: commands that may add to it, scripts included
 * - `MOVED`, `ASK`, the slot is another node's: commands with a key
 * - `CLUSTERDOWN`, part of the cluster is away: commands with a key
 * - `NOSCRIPT`, the script is not known (a server that was restarted): `EVALSHA`, `EVALSHA_RO`
 */
export type ErrorName = 'LOADING' | 'READONLY' | 'OOM' | 'BUSY' | 'MOVED' | 'ASK' | 'CLUSTERDOWN' | 'NOSCRIPT' | 'MASTERDOWN'

interface Preset {
  /** @param at host and port of a node */
  readonly text: (request: Request, at: string) => string
  readonly isFor: (request: Request) => boolean
}

const scripts = words('eval evalsha fcall')
const byHash = words('evalsha evalsha_ro')
const removing = words(
  'blmpop blpop brpop bzmpop bzpopmax bzpopmin del expire expireat flushall flushdb getdel getex hdel hexpire hpexpire hpersist lmpop lpop lrem ' +
    'ltrim move persist pexpire pexpireat rename renamenx rpop smove spop srem swapdb unlink xack xautoclaim xclaim xdel xgroup xtrim zmpop zpopmax ' +
    'zpopmin zrem zremrangebylex zremrangebyrank zremrangebyscore delifeq xreadgroup',
)
const adding = words(
  'append bitfield bitop blmove brpoplpush copy decr decrby geoadd geosearchstore getset hincrby hincrbyfloat hmset hset hsetex hsetnx incr incrby ' +
    'incrbyfloat linsert lmove lpush lpushx lset mset msetex msetnx pfadd pfmerge psetex restore rpoplpush rpush rpushx sadd sdiffstore set setbit ' +
    'setex setnx setrange sinterstore sort sunionstore vadd xadd xsetid zadd zdiffstore zincrby zinterstore zrangestore zunionstore',
)
const whileLoading = words(
  'acl auth client command config discard echo exec function hello info lastsave latency monitor multi psubscribe psync publish pubsub ' +
    'punsubscribe quit readonly readwrite replconf replicaof reset role script select shutdown slowlog spublish ssubscribe subscribe sunsubscribe ' +
    'sync time unsubscribe unwatch watch',
)
const whileBusy = words('auth discard exec function hello multi quit replconf reset script shutdown unwatch watch')

const isAdding = ({ name }: Request): boolean => adding.has(name) || scripts.has(name)
const isWriting = (request: Request): boolean => isAdding(request) || removing.has(request.name)
const hasKey = (request: Request): boolean => keysOf(request).length > 0
const slotIn = (request: Request): number => slotOf(keysOf(request)[0] ?? '')

const presets: Readonly<Record<ErrorName, Preset>> = {
  LOADING: { text: () => 'LOADING Valkey is loading the dataset in memory', isFor: ({ name }) => !whileLoading.has(name) },
  READONLY: { text: () => "READONLY You can't write against a read only replica.", isFor: isWriting },
  OOM: { text: () => "OOM command not allowed when used memory > 'maxmemory'.", isFor: isAdding },
  BUSY: {
    text: () => 'BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    isFor: ({ name }) => !whileBusy.has(name),
  },
  MOVED: { text: (request, at) => `MOVED ${slotIn(request)} ${at}`, isFor: hasKey },
  ASK: { text: (request, at) => `ASK ${slotIn(request)} ${at}`, isFor: hasKey },
  CLUSTERDOWN: { text: () => 'CLUSTERDOWN The cluster is down', isFor: hasKey },
  NOSCRIPT: { text: () => 'NOSCRIPT No matching script.', isFor: ({ name }) => byHash.has(name) },
  MASTERDOWN: {
    text: () => "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    isFor: ({ name }) => !whileLoading.has(name),
  },
}

export const errorNames: readonly ErrorName[] = Object.keys(presets) as ErrorName[]

/** Whether a server in that state answers the command with the error. */
export function isAnsweredWith(name: ErrorName, request: Request): boolean {
  return presets[name].isFor(request)
}

/** @param at host and port of the node that `MOVED` and `ASK` name */
export function errorText(name: ErrorName, request: Request, at: string): string {
  return presets[name].text(request, at)
}

/** An error as it goes over the wire, in RESP2 and RESP3 alike. */
export function encodeError(text: string): Buffer {
  return Buffer.from(`-${text}\r\n`)
}
