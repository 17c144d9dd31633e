import { type Duration, durationMs } from '../kernel/duration.ts'
import { ServerError, StoreError, UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { Command, Reply } from './client.ts'
import type { ClusterMap } from './cluster.ts'
import type { Link } from './link.ts'
import type { LinkNews } from './link-news.ts'
import type { Nodes } from './nodes.ts'
import { ReplicationLag, type Shard } from './replication-lag.ts'
import { slotOf } from './slot.ts'

export interface ReplicaReads {
  readonly maxLagMs: number
  /** The primary and the replicas of the node that a command goes to. */
  readonly shardOf: (command: Command) => Shard | undefined
  readonly nowMs?: () => number
  /** Lets go of links that were made for this. */
  readonly release?: () => void
}

const beatsPerLag = 4
const restAfterMs = 10_000
/** The replica does not serve, or not this key; the primary may. */
const refusals = new Set(['MOVED', 'ASK', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'BUSY'])

/**
 * Nodes whose read-only commands are answered by replicas that are proven to be behind by at most `maxLagMs` when the command is sent; by the
 * primary where there is none. Replicas are measured while they are used, and left alone when nobody has read for a while.
 */
export class ReplicaNodes implements Nodes {
  readonly #nodes: Nodes
  readonly #reads: ReplicaReads
  readonly #nowMs: () => number
  readonly #lags = new Map<string, ReplicationLag>()
  readonly #shards = new Map<string, Shard>()
  #timer: NodeJS.Timeout | undefined
  #usedAtMs = 0

  constructor(nodes: Nodes, reads: ReplicaReads) {
    this.#nodes = nodes
    this.#reads = reads
    this.#nowMs = reads.nowMs ?? (() => performance.now())
  }

  get readLagMs(): number {
    return this.#reads.maxLagMs
  }

  get topology(): 'standalone' | 'cluster' {
    return this.#nodes.topology
  }

  get isReady(): boolean {
    return this.#nodes.isReady
  }

  get news(): LinkNews {
    return this.#nodes.news
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#nodes.ready(signal)
  }

  any(): Promise<Link> {
    return this.#nodes.any()
  }

  primaries(): Promise<ReadonlyMap<string, Link | undefined>> {
    return this.#nodes.primaries()
  }

  nodeOf(key: string): string | undefined {
    return this.#nodes.nodeOf(key)
  }

  /** A watched read goes to the primary: that is where it is watched. */
  send(command: Command): Promise<Reply> {
    let replica: Link | undefined
    try {
      if (command.readOnly && !command.tracked) replica = this.#replicaFor(command)
    } catch (error) {
      return Promise.reject(error)
    }
    if (replica === undefined) return this.#nodes.send(command)
    return replica.send(command.words).catch((error) => {
      if (isRefusal(error)) return this.#nodes.send(command)
      throw error
    })
  }

  release(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#reads.release?.()
    this.#nodes.release()
  }

  #replicaFor(command: Command): Link | undefined {
    const shard = this.#reads.shardOf(command)
    if (shard === undefined || shard.replicas.length === 0) return undefined
    const nowMs = this.#nowMs()
    this.#usedAtMs = nowMs
    const { address } = shard.primary
    this.#shards.set(address, shard)
    this.#timer ??= this.#startMeasuring()
    const lag = this.#lags.get(address)
    if (lag === undefined) return undefined
    const sinceMs = nowMs - this.#reads.maxLagMs
    const usable = shard.replicas.filter((replica) => replica.isReady && lag.provenAtMs(replica) >= sinceMs)
    return usable[Math.floor(Math.random() * usable.length)]
  }

  #startMeasuring(): NodeJS.Timeout {
    queueMicrotask(() => this.#measure())
    return setInterval(() => this.#measure(), this.#reads.maxLagMs / beatsPerLag).unref()
  }

  #measure(): void {
    if (this.#nowMs() - this.#usedAtMs > restAfterMs) {
      clearInterval(this.#timer)
      this.#timer = undefined
      this.#shards.clear()
      return
    }
    for (const [address, shard] of this.#shards) {
      let lag = this.#lags.get(address)
      if (lag === undefined) this.#lags.set(address, (lag = new ReplicationLag(this.#nowMs)))
      void lag.measure(shard, (replica) => this.#allowReads(replica))
    }
  }

  /** On a cluster a link serves the slots of its primary only when told; one that was a primary's yesterday was not. */
  #allowReads(replica: Link): void {
    if (this.topology === 'cluster') replica.send(['READONLY']).catch(() => {})
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof ServerError) return refusals.has(error.reply)
  return error instanceof StoreError
}

export interface AdapterOptions {
  /**
   * Lets replicas answer commands that are marked `readOnly`. Default: primaries answer everything.
   *
   * A replica may not have what this client itself wrote a moment ago, nor what an invalidation was just told of: whoever keeps what it
   * read counts it as older by `maxLag`. What is marked `tracked` is read from the primary.
   */
  readonly readFromReplicas?: ReplicaOptions
}

export interface ReplicaOptions {
  /**
   * How old at most what a replica answers may be: it holds every write that its primary acknowledged before then. Measured, a few times per
   * `maxLag`; while it is not proven the primary answers. 20 ms to 1 h; default 1 s.
   */
  readonly maxLag?: Duration
  /** Live clients of the replicas, of the same package; they stay yours. Only without a cluster, whose client knows its replicas. */
  readonly replicas?: readonly object[]
}

/**
 * Nodes that read from replicas, if that was asked for.
 *
 * @param linkTo makes a link of a live client that was given as a replica
 */
export function withReplicas(
  nodes: Nodes,
  options: ReplicaOptions | undefined,
  source: { readonly map: ClusterMap } | { readonly primary: Link; readonly linkTo: (live: object) => Link },
): Nodes {
  if (options === undefined) return nodes
  checkOptionNames(options, ['maxLag', 'replicas'], 'readFromReplicas')
  const maxLagMs = durationMs(options.maxLag ?? 1000, 'maxLag', 3_600_000)
  if (maxLagMs < 20)
    throw new UsageError('TIERCEL_INVALID_OPTION', `maxLag: ${show(options.maxLag)} is not allowed. Allowed: 20 ms to 1 h.`)
  const given = options.replicas ?? []
  if ('map' in source) {
    if (given.length > 0) throw new UsageError('TIERCEL_INVALID_OPTION', 'replicas: leave them out on a cluster, whose client knows them.')
    return new ReplicaNodes(nodes, { maxLagMs, shardOf: (command) => shardOn(source.map, command) })
  }
  if (given.length === 0) throw new UsageError('TIERCEL_INVALID_OPTION', 'replicas: give at least one live client of a replica.')
  const shard = { primary: source.primary, replicas: given.map(source.linkTo) }
  const release = (): void => {
    for (const replica of shard.replicas) replica.release()
  }
  return new ReplicaNodes(nodes, { maxLagMs, shardOf: () => shard, release })
}

function shardOn(map: ClusterMap, { key }: Command): Shard | undefined {
  if (key === undefined) return undefined
  const slot = slotOf(key)
  const primary = map.primaryOf(slot)
  return primary && { primary, replicas: map.replicasOf(slot) }
}
