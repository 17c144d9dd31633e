import type { Reply } from './client.ts'
import type { Link } from './link.ts'
import { aMoment } from './when-ready.ts'

/** A primary and those that follow it. */
export interface Shard {
  readonly primary: Link
  readonly replicas: readonly Link[]
}

interface Sample {
  /** When the primary was asked. */
  readonly sentAtMs: number
  readonly history: string
  readonly offset: number
}

const mostSamples = 32

/**
 * How far the replicas of one primary are behind, measured without a write.
 *
 * The primary says how many bytes of its replication stream it has produced; a replica says how many it has applied. One that has applied what the
 * primary had produced when it was asked at t holds every write that was acknowledged before t. So what is read from it now is at most now − t old.
 * Offsets of two histories (`master_replid`, renewed by a failover) are not compared. https://valkey.io/topics/replication/
 */
export class ReplicationLag {
  readonly #nowMs: () => number
  readonly #samples: Sample[] = []
  readonly #provenAtMs = new WeakMap<Link, number>()
  #isMeasuring = false

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Since when at most the replica has missed something, on the monotonic clock. */
  provenAtMs(replica: Link): number {
    return this.#provenAtMs.get(replica) ?? Number.NEGATIVE_INFINITY
  }

  /** One round trip to the primary, then one to each replica. Never rejects: who does not answer is not proven. */
  async measure({ primary, replicas }: Shard, prepare: (replica: Link) => void): Promise<void> {
    if (this.#isMeasuring) return
    this.#isMeasuring = true
    try {
      await this.#askPrimary(primary)
      await Promise.allSettled(replicas.map((replica) => this.#askReplica(replica, prepare)))
    } catch {
      // Without the primary nothing is proven.
    } finally {
      this.#isMeasuring = false
    }
  }

  async #askPrimary(primary: Link): Promise<void> {
    const sentAtMs = this.#nowMs()
    const info = infoOf(await primary.send(['INFO', 'replication']))
    if (info('role') !== 'master') return
    this.#samples.push({ sentAtMs, history: info('master_replid'), offset: Number(info('master_repl_offset')) })
    if (this.#samples.length > mostSamples) this.#samples.shift()
  }

  async #askReplica(replica: Link, prepare: (replica: Link) => void): Promise<void> {
    if (!replica.isReady) await replica.ready(aMoment())
    prepare(replica)
    const info = infoOf(await replica.send(['INFO', 'replication']))
    if (info('role') !== 'slave') return
    const [history, applied] = [info('master_replid'), Number(info('slave_repl_offset'))]
    const reached = this.#samples.findLast((sample) => sample.history === history && sample.offset <= applied)
    if (reached !== undefined) this.#provenAtMs.set(replica, reached.sentAtMs)
  }
}

function infoOf(reply: Reply): (name: string) => string {
  const text = String(reply)
  return (name) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? ''
}
