import { UsageError } from '../kernel/errors.ts'
import type { Client } from './client.ts'
import { type Glide, glideClient } from './glide.ts'
import { membersOf } from './glide-shape.ts'
import { type Ioredis, type IoredisCluster, ioredisClient } from './ioredis.ts'
import { type NodeRedis, type NodeRedisCluster, nodeRedisClient } from './node-redis.ts'
import type { AdapterOptions } from './replica-nodes.ts'

const allowed =
  'Allowed: a client or cluster of @redis/client or redis (version 5 or 6), ioredis (5 or 6) or iovalkey, ' +
  'a GlideClient of @valkey/valkey-glide (2), or a Client of tiercel/client.'

/**
 * Makes a `Client` of a live client, told by its members. The live client stays yours: it is never closed.
 *
 * @param live a client or cluster of `@redis/client` or `redis` 5 or 6, `ioredis` 5 or 6, `iovalkey`; a `GlideClient` of
 *   `@valkey/valkey-glide` 2; a `Client` is returned as it is
 * @throws {TIERCEL_CLIENT_UNKNOWN} it is none of these; {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_DURATION}
 * @throws {TIERCEL_UNSUPPORTED} it is a kind of client that has no adapter (a pool, a node-redis Sentinel, a cluster client of GLIDE), or has options that change replies
 * @throws {TIERCEL_CLOSED} it was closed
 */
export function adaptClient(live: unknown, options: AdapterOptions = {}): Client {
  if (typeof live !== 'object' || live === null) throw unknownClient(live)
  const members = live as Members
  if (isClient(members)) return asItIs(live as Client, options)
  refuseOtherKinds(members)
  if (isIoredis(members)) return adaptIoredis(live as Ioredis | IoredisCluster, options)
  if (isNodeRedis(members)) return adaptNodeRedis(live as NodeRedis | NodeRedisCluster, options)
  if (isGlide(members)) return adaptGlide(live as Glide, options)
  throw unknownClient(live)
}

type Members = Readonly<Record<string, unknown>>

function has(members: Members, ...names: string[]): boolean {
  return names.every((name) => typeof members[name] === 'function')
}

function isClient(members: Members): boolean {
  return (
    members['specVersion'] === 1 && has(members, 'send', 'batch', 'ready', 'onLink', 'subscribe', 'track', 'primaries', 'nodeOf', 'close')
  )
}

function isIoredis(members: Members): boolean {
  const isNode = has(members, 'sendCommand', 'duplicate', 'call')
  return typeof members['status'] === 'string' && typeof members['isCluster'] === 'boolean' && isNode
}

function isNodeRedis(members: Members): boolean {
  const isCluster = Array.isArray(members['slots']) && has(members, 'nodeClient')
  return (
    typeof members['isOpen'] === 'boolean' &&
    has(members, 'sendCommand', 'duplicate', 'withTypeMapping') &&
    (isCluster || has(members, 'withCommandOptions'))
  )
}

function isGlide(members: Members): boolean {
  return typeof members['isClosed'] === 'boolean' && has(members, 'customCommand', 'exec')
}

function asItIs(client: Client, { readFromReplicas }: AdapterOptions): Client {
  if (readFromReplicas === undefined) return client
  const text = 'readFromReplicas: this is a Client already. Give the option where it was made of a live client.'
  throw new UsageError('TIERCEL_INVALID_OPTION', text)
}

function adaptIoredis(live: Ioredis | IoredisCluster, options: AdapterOptions): Client {
  // The fork differs in nothing that matters; the name is for messages.
  const name = 'clearSocketTimeout' in live ? 'iovalkey' : 'ioredis'
  if (live.status === 'end') throw closedClient(name)
  return ioredisClient(live, name, options)
}

function adaptGlide(live: Glide, { readFromReplicas }: AdapterOptions): Client {
  if (membersOf(live).isClosed) throw closedClient('glide')
  if (readFromReplicas === undefined) return glideClient(live)
  throw new UsageError('TIERCEL_UNSUPPORTED', 'readFromReplicas: not with GLIDE. Use another client package for it.')
}

function adaptNodeRedis(live: NodeRedis | NodeRedisCluster, options: AdapterOptions): Client {
  if (!live.isOpen && 'socketEpoch' in live && live.socketEpoch) throw closedClient('node-redis')
  return nodeRedisClient(live, options)
}

/** Kinds that have some of the members, or that somebody will hand in sooner or later. */
function refuseOtherKinds(members: Members): void {
  const kind = otherKindOf(members)
  if (kind !== undefined) throw new UsageError('TIERCEL_UNSUPPORTED', `There is no adapter for ${kind}. ${allowed}`)
}

function otherKindOf(members: Members): string | undefined {
  if (has(members, 'customCommand', 'fcallWithRoute'))
    return 'a cluster client of GLIDE, which mixes up the order of commands and does not tell of the connections to its nodes'
  if (typeof members['idleClients'] === 'number' && has(members, 'execute'))
    return 'a pool of node-redis; hand in a client, which pipelines by itself'
  if (has(members, 'acquire', 'use', 'getSentinelNode')) return 'the Sentinel of node-redis; ioredis and iovalkey speak to Sentinel'
  if (typeof members['isOpen'] === 'boolean' && has(members, 'sendCommand') && !has(members, 'withTypeMapping'))
    return 'node-redis before version 5'
  return undefined
}

function closedClient(name: string): UsageError {
  return new UsageError(
    'TIERCEL_CLOSED',
    `The ${name} client was closed before it was handed in. Hand in one that is open or was not connected yet.`,
  )
}

function unknownClient(given: unknown): UsageError {
  const isUrl = typeof given === 'string' || given instanceof URL
  const what = isUrl
    ? 'a URL; use connectUrl for it'
    : given === null
      ? 'null'
      : typeof given === 'object'
        ? `an object of ${nameOf(given)}`
        : typeof given
  return new UsageError('TIERCEL_CLIENT_UNKNOWN', `Not a client: ${what}. ${allowed}`)
}

function nameOf(given: object): string {
  return given.constructor?.name || 'no class'
}
