import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, openLoop, type Random, zipf } from '@tiercel/workloads'
import type { Cache } from '../../src/index.ts'
import { VersionedSource, type Versions } from '../integration/versioned-source.ts'
import type { Figures, LoadPlan } from './load-messages.ts'

/** Says whose it is, and of which changes. */
interface Value {
  readonly key: string
  readonly versions: Versions
}

interface Suspect {
  readonly value: Value
  readonly cache: Cache
  readonly calledMs: number
}

const keysPerTag = 20
const resolutionMs = 5
/** What a busy machine adds to the bound on staleness. */
const slackMs = 50
const warmUpMs = 1_000
/** A machine that cannot keep up does not fall ever further behind. */
const maxInFlight = 5_000
/** Longer than any run. */
const untilStopped = 24 * 3_600_000

/**
 * Calls at a fixed rate on caches that stand for processes over one source, until it is stopped. Every value is judged: whether it is of the key that was asked
 * for and was ever committed, and whether it has seen what was invalidated longer ago than the bound.
 */
export class OfferedLoad {
  readonly #caches: readonly Cache[]
  readonly #plan: LoadPlan
  readonly #boundMs: number
  readonly #source = new VersionedSource()
  readonly #random: Random
  readonly #ranks: { next(): number }
  readonly #stop = new AbortController()
  readonly #over: Promise<unknown>
  readonly #lag = monitorEventLoopDelay({ resolution: resolutionMs })
  #window = new Window()

  constructor(caches: readonly Cache[], plan: LoadPlan, maxStalenessMs: number) {
    this.#caches = caches
    this.#plan = plan
    this.#boundMs = maxStalenessMs + slackMs
    this.#random = createRandom(plan.seed)
    this.#ranks = zipf({ items: plan.keys, exponent: 0.9, random: this.#random.fork('keys') })
    this.#lag.enable()
    // Slowly at first, while code is compiled: else what could not be done then is all due at once.
    this.#over = this.#offer(plan.ratePerSecond / 10, warmUpMs).then(() => this.#offer(plan.ratePerSecond, untilStopped))
  }

  #offer(ratePerSecond: number, durationMs: number): Promise<unknown> {
    const { signal } = this.#stop
    return openLoop({ ratePerSecond, durationMs, maxInFlight, signal, run: (_, dueMs) => this.#call(dueMs) })
  }

  /** What was seen since it was asked last. */
  tell(): Figures {
    const window = this.#window
    this.#window = new Window()
    const lagMs = Math.max(0, this.#lag.max / 1e6 - resolutionMs)
    this.#lag.reset()
    // A burst of reads asks for the time now and then: one that comes after the process stood still may go by the time of before.
    const stale = window.suspects.filter((suspect) => this.#missed(suspect, this.#boundMs + lagMs).length > 0).map(({ text }) => text)
    return { ...window.figures(), stale, lagMs }
  }

  #missed({ value, cache, calledMs }: Suspect, boundMs: number): string[] {
    return this.#source.missed(value.versions, cache, calledMs, boundMs)
  }

  async stop(): Promise<Figures> {
    this.#stop.abort()
    await this.#over
    this.#lag.disable()
    return this.tell()
  }

  async #call(dueMs: number): Promise<void> {
    const cache = this.#caches[this.#random.integer(this.#caches.length)] as Cache
    const key = this.#ranks.next()
    const isChange = this.#random.next() < this.#plan.changes
    const calledMs = performance.now()
    try {
      await (isChange ? this.#change(cache, key) : this.#read(cache, key, calledMs))
    } catch (error) {
      this.#window.failed(isChange ? 'change' : 'read', error)
    }
    this.#window.called(performance.now(), dueMs, calledMs)
  }

  async #read(cache: Cache, key: number, calledMs: number): Promise<void> {
    const { deadlineMs, ttlMs } = this.#plan
    const name = keyName(key)
    const options = { ttl: ttlMs, tags: [tagName(key)], hardTimeout: deadlineMs }
    const value = await cache.getOrSet(name, () => this.#load(key), options)
    this.#judge(cache, name, value, calledMs)
  }

  async #load(key: number): Promise<Value> {
    this.#window.loads += 1
    const versions = this.#source.read([keyName(key), tagName(key)])
    const startedMs = performance.now()
    await sleep(this.#plan.loadMs)
    this.#window.longestLoadMs = Math.max(this.#window.longestLoadMs, performance.now() - startedMs)
    return { key: keyName(key), versions }
  }

  #judge(cache: Cache, name: string, value: Value, calledMs: number): void {
    const committed = this.#source.read(Object.keys(value.versions))
    const isCommitted = Object.entries(value.versions).every(([of, version]) => version <= (committed[of] as number))
    if (value.key !== name || !isCommitted) this.#window.wrong.push(`${name}: ${JSON.stringify(value)}`)
    const missed = this.#missed({ value, cache, calledMs }, this.#boundMs)
    if (missed.length === 0) return
    const text = `${name} in process ${this.#caches.indexOf(cache)}: ${missed.join(' ')}`
    this.#window.suspects.push({ value, cache, calledMs, text })
  }

  #change(cache: Cache, key: number): Promise<void> {
    this.#window.changes += 1
    const name = keyName(key)
    const tag = tagName(key)
    const how = this.#random.integer(3)
    if (how === 0) return this.#source.change(cache, [name], () => cache.delete(name))
    if (how === 1) return this.#source.change(cache, [tag], () => cache.invalidateTag(tag))
    return this.#source.change(cache, [name], async () => (await cache.mutate(name, () => sleep(1))).outcome)
  }
}

const keyName = (key: number): string => `item:${key}`
const tagName = (key: number): string => `group:${Math.floor(key / keysPerTag)}`

/** What was counted between two looks. */
class Window {
  loads = 0
  changes = 0
  longestLoadMs = 0
  readonly wrong: string[] = []
  /** Values that are older than the bound, unless the process stood still meanwhile. */
  readonly suspects: (Suspect & { readonly text: string })[] = []
  readonly #sinceMs = performance.now()
  readonly #errors: Record<string, number> = {}
  /** In µs: HDR, three figures. */
  readonly #waits = createHistogram()
  #longestCallMs = 0

  called(nowMs: number, dueMs: number, calledMs: number): void {
    this.#waits.record(Math.max(1, Math.round((nowMs - dueMs) * 1_000)))
    this.#longestCallMs = Math.max(this.#longestCallMs, nowMs - calledMs)
  }

  failed(call: string, error: unknown): void {
    const { code, message } = error as { readonly code?: string; readonly message?: string }
    const name = `${call}: ${code ?? message ?? String(error)}`
    this.#errors[name] = (this.#errors[name] ?? 0) + 1
  }

  figures(): Omit<Figures, 'lagMs' | 'stale'> {
    const { loads, changes, longestLoadMs, wrong } = this
    return {
      calls: this.#waits.count,
      seconds: (performance.now() - this.#sinceMs) / 1_000,
      ...{ loads, changes, longestLoadMs, errors: this.#errors, wrong },
      p50Ms: this.#waits.percentile(50) / 1_000,
      p99Ms: this.#waits.percentile(99) / 1_000,
      mostMs: this.#waits.count === 0 ? 0 : this.#waits.max / 1_000,
      longestCallMs: this.#longestCallMs,
    }
  }
}
