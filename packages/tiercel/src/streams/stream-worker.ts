import { startHoldingTimer } from '../kernel/clock.ts'
import { shuffled } from '../kernel/shuffled.ts'
import { Evidence } from './evidence.ts'
import { fairShare } from './fair-share.ts'
import { announceScript } from './owner-scripts.ts'
import { Ownership } from './ownership.ts'
import { PartitionRunner } from './partition-runner.ts'
import { Slots } from './slots.ts'
import type { StreamContext } from './stream-context.ts'
import type { CarrySettings, StreamHandler } from './stream-handler.ts'
import { type PartitionKeys, workersKey } from './stream-keys.ts'

export interface WorkerSettings extends CarrySettings {
  readonly leaseMs: number
  /** Batches under way at a time, in all partitions. */
  readonly concurrency: number
}

interface Owned {
  readonly ownership: Ownership
  readonly runner: PartitionRunner
  isStopping: boolean
}

/** How often a lease is renewed in its length. */
const beatsPerLease = 4

/**
 * Carries its share of a log's partitions. Workers announce themselves at every beat, a quarter of a lease apart, and each aims at as many partitions as every other: it gives
 * up what it has too many, with nothing under way, and claims what is free, or was its owner's who has not been heard of for a lease.
 */
export class StreamWorker {
  readonly #context: StreamContext
  readonly #handler: StreamHandler
  readonly #settings: WorkerSettings
  readonly #name: string
  readonly #slots: Slots
  readonly #evidence: Evidence = new Evidence()
  readonly #owned: Map<number, Owned> = new Map()
  readonly #ended: Set<Promise<void>> = new Set()
  #timer: { cancel(): void } | undefined
  #beating: Promise<void> = Promise.resolve()
  #isClosing = false
  #isClosed = false
  #hurries = 0
  #closed: Promise<void> | undefined

  constructor(context: StreamContext, handler: StreamHandler, settings: WorkerSettings) {
    this.#context = context
    this.#handler = handler
    this.#settings = settings
    this.#name = `${process.pid}-${globalThis.crypto.randomUUID()}`
    this.#slots = new Slots(settings.concurrency)
    this.#schedule(0)
  }

  /** Those that it owns. */
  get partitions(): readonly number[] {
    return [...this.#owned.keys()].sort((a, b) => a - b)
  }

  /** Small batches go at once until the returned function is called. */
  hurry(): () => void {
    this.#hurries += 1
    for (const { runner } of this.#owned.values()) runner.wake()
    let isOn = true
    return () => {
      if (isOn) this.#hurries -= 1
      isOn = false
    }
  }

  /**
   * Finishes what is under way, gives up its partitions and says good-bye. May be called twice.
   *
   * @param graceMs after that, what is under way is told that it has lost its partition. Default: never
   */
  close(graceMs?: number): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async #close(graceMs: number | undefined): Promise<void> {
    this.#isClosing = true
    const impatience = graceMs === undefined ? undefined : startHoldingTimer(this.#context.setUp.clock, graceMs, () => this.#loseAll())
    await this.#beating
    for (const owned of this.#owned.values()) this.#stop(owned)
    // Leases are renewed until nothing is under way any more.
    while (this.#ended.size > 0) await Promise.all(this.#ended)
    impatience?.cancel()
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#beating
    await this.#announce(0).catch((error) => this.#context.failed('announce', error))
  }

  #schedule(ms: number): void {
    if (this.#isClosed) return
    this.#timer = this.#context.after(ms, () => {
      this.#beating = this.#beat().finally(() =>
        this.#schedule((this.#settings.leaseMs / beatsPerLease) * (0.8 + 0.2 * this.#context.setUp.random())),
      )
    })
  }

  async #beat(): Promise<void> {
    try {
      await this.#context.check()
      const [workers] = await Promise.all([this.#isClosing ? undefined : this.#announce(this.#settings.leaseMs), ...this.#renewals()])
      if (workers !== undefined && !this.#isClosing) await this.#balance(fairShare(this.#name, workers, this.#context.partitions.length))
    } catch (error) {
      this.#context.failed('beat', error)
    }
  }

  #renewals(): Promise<void>[] {
    const renew = ({ ownership }: Owned): Promise<void> =>
      ownership.renew(this.#settings.leaseMs).catch((error) => this.#context.failed('renew', error))
    return Array.from(this.#owned.values(), renew)
  }

  async #announce(forMs: number): Promise<readonly string[]> {
    const call = { script: announceScript, keys: [workersKey(this.#context.setUp.name)], args: [this.#name, String(forMs)] }
    const reply = await this.#context.scripts.runOne('announce', () => call, true)
    return Array.isArray(reply) ? reply.map(String) : []
  }

  async #balance(share: number): Promise<void> {
    const running = [...this.#owned.values()].filter(({ isStopping }) => !isStopping)
    for (const owned of running.slice(share)) this.#stop(owned)
    // Two that look for free ones at the same time are not to look for the same.
    const free = shuffled(
      this.#context.partitions.filter(({ partition }) => !this.#owned.has(partition)),
      this.#context.setUp.random,
    )
    while (this.#owned.size < share && free.length > 0 && !this.#isClosing) {
      await Promise.all(free.splice(0, share - this.#owned.size).map((keys) => this.#claim(keys)))
    }
  }

  async #claim(keys: PartitionKeys): Promise<void> {
    const ownership = await Ownership.claim(this.#context, keys, this.#name, this.#settings.leaseMs)
    if (ownership === undefined) return
    const runner = new PartitionRunner({
      context: this.#context,
      ownership,
      handler: this.#handler,
      settings: this.#settings,
      slots: this.#slots,
      evidence: this.#evidence,
      isHurried: () => this.#hurries > 0,
    })
    const owned = { ownership, runner, isStopping: false }
    this.#owned.set(keys.partition, owned)
    this.#tell('partition.claimed', keys.partition)
    const ended: Promise<void> = this.#run(owned).finally(() => this.#ended.delete(ended))
    this.#ended.add(ended)
  }

  async #run({ ownership, runner }: Owned): Promise<void> {
    const { partition } = ownership.keys
    await runner.run()
    const isKept = ownership.lease.isHeld
    try {
      await ownership.release()
    } catch (error) {
      this.#context.failed('release', error)
    }
    this.#owned.delete(partition)
    this.#tell(isKept ? 'partition.released' : 'partition.lost', partition)
  }

  #stop(owned: Owned): void {
    owned.isStopping = true
    owned.runner.stop()
  }

  #loseAll(): void {
    for (const { ownership } of this.#owned.values()) ownership.lease.lose()
  }

  #tell(type: 'partition.claimed' | 'partition.released' | 'partition.lost', partition: number): void {
    const { emitter } = this.#context
    if (emitter.isHeard) emitter.emit({ type, partition })
  }
}
