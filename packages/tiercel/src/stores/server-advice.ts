import type { Advice, AdviceCode } from '../telemetry/advice.ts'

/** What a node said of itself. */
export interface ServerFacts {
  /** The text of `INFO`; empty where the user may not ask. */
  readonly info: string
  /** What a script was answered with, when it was an error. */
  readonly scriptError: string | undefined
  /** Whether the client knows that it speaks to a cluster. */
  readonly isCluster: boolean
}

type Finding = Omit<Advice, 'node'>

/** Below that, nothing is tested; commands that Tiercel needs may be missing. */
const oldest = { valkey: [7, 2], redis: [7, 2] } as const

/**
 * Which settings of a node will do harm, given what Tiercel keeps there.
 *
 * Any eviction is at worst a miss, but for one: a fence that is gone before the process that has put it there comes back, or dies. Fences are written seconds ago
 * and have little time left, so policies by use leave them alone, those by chance do not, and those by remaining time take them first.
 */
export function adviseOn({ info, scriptError, isCluster }: ServerFacts): readonly Finding[] {
  const fields = fieldsOf(info)
  const found = [
    onVersion(fields),
    onRole(fields),
    onTopology(fields, isCluster),
    onMemory(fields),
    scriptError === undefined ? undefined : noScripts(scriptError),
  ]
  return found.filter((each) => each !== undefined)
}

/** As `adviseOn`, of a node that keeps a log of writes: what was acknowledged must not be evicted. Its keys never expire, so only policies that take any key do that. */
export function adviseOnLog(info: string): readonly Finding[] {
  const fields = fieldsOf(info)
  const limit = fields.get('maxmemory')
  const policy = fields.get('maxmemory_policy')
  if (limit === undefined || limit === '0' || !policy?.startsWith('allkeys-')) return []
  const advice = 'Set maxmemory-policy to volatile-lru, volatile-lfu or noeviction, or keep the log on a server of its own.'
  return [finding('evicts-writes', `maxmemory:${limit}, maxmemory-policy:${policy}`, advice)]
}

type Fields = ReadonlyMap<string, string>

function fieldsOf(info: string): Fields {
  return new Map(Array.from(info.matchAll(/^(\w+):(.*?)\r?$/gm), ([, name, value]) => [name as string, value as string]))
}

function onVersion(fields: Fields): Finding | undefined {
  const valkey = fields.get('valkey_version')
  const version = valkey ?? fields.get('redis_version')
  if (version === undefined) return undefined
  const flavour = valkey === undefined ? 'redis' : 'valkey'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = oldest[flavour]
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined
  return finding('old-server', `${flavour}_version:${version}`, 'Use Valkey 8 or later, or Redis 7.2 or later.')
}

function onRole(fields: Fields): Finding | undefined {
  const role = fields.get('role')
  if (role !== 'slave') return undefined
  const advice = 'Connect to the primary, or by Sentinel or the cluster; to read from replicas, hand them in with readFrom: "replica".'
  return finding('replica', `role:${role}`, advice)
}

function onTopology(fields: Fields, isCluster: boolean): Finding | undefined {
  const mode = fields.get('redis_mode') ?? fields.get('server_mode')
  if (isCluster || mode !== 'cluster') return undefined
  const advice = 'Hand in a cluster client: createCluster() of node-redis, or Cluster of ioredis or iovalkey.'
  return finding('one-of-a-cluster', `redis_mode:${mode}`, advice)
}

function onMemory(fields: Fields): Finding | undefined {
  const limit = fields.get('maxmemory')
  const policy = fields.get('maxmemory_policy')
  if (limit === undefined || policy === undefined) return undefined
  const found = `maxmemory:${limit}, maxmemory-policy:${policy}`
  if (limit === '0') {
    const advice = 'Set maxmemory to what the server may take, and maxmemory-policy to allkeys-lfu or allkeys-lru.'
    return finding('no-memory-limit', found, advice)
  }
  if (policy === 'noeviction') {
    const advice =
      'When the server is full nothing is stored any more (OOM). Set maxmemory-policy to allkeys-lfu, allkeys-lru or volatile-lru.'
    return finding('no-eviction', found, advice)
  }
  if (!/-(random|ttl)$/.test(policy)) return undefined
  const first = policy.endsWith('-ttl')
    ? 'Leases and fences have the least time left, and are evicted first.'
    : 'Leases and fences are evicted like anything else.'
  return finding('evicts-fences', found, `${first} Set maxmemory-policy to allkeys-lfu, allkeys-lru or volatile-lru.`)
}

function noScripts(error: string): Finding {
  const advice = 'set, delete, tags and mutate are scripts: allow EVAL and EVALSHA, as tiercel.acl does.'
  return finding('no-scripts', error, advice)
}

function finding(code: AdviceCode, found: string, advice: string): Finding {
  return { code, found, advice }
}
