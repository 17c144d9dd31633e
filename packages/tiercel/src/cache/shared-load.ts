import { staleMark, valuePrefix, versionOffset, versionPrefix } from '../codecs/envelope.ts'
import { encodeFailure, newLease, versionOf } from '../codecs/marks.ts'
import type { TagSnapshot } from '../coherence/tag.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Store } from '../stores/store.ts'
import { callLoader, type Loaded } from './call-loader.ts'
import type { Claim } from './claim.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { type Entry, wantsRefresh, wantsSlide } from './entry.ts'
import type { Flight } from './flight.ts'
import { away, type Found, fenced } from './found.ts'
import { Hold } from './hold.ts'
import type { L2Budget } from './l2-budget.ts'
import type { LoadRequest } from './load-request.ts'
import { tagLifeMs } from './new-entry.ts'
import { judge, keepInL1, type Look, lookUp, settle } from './read-path.ts'
import type { StoredKey } from './scope.ts'
import { failureOf, isOfSource, rememberFailure, sharedFailure } from './shared-failure.ts'
import { checkFound } from './value-checks.ts'
import { waitForHolder } from './wait-for-holder.ts'
import { giveBack, inBackground, keepInL1Alone, publish, slide } from './write-path.ts'

const shortestRestMs = 50
const longestRestMs = 1_000

/**
 * What one flight does when L2 has no plain answer: it loads once for all processes.
 *
 * The right to store is in the key itself. Where nothing is, a lease is put; what was loaded replaces exactly that lease, so a key that was
 * deleted or set meanwhile is left alone. A live entry stays readable while it is refreshed; what was loaded replaces exactly the version
 * that was read, and a lock named by that version keeps the other processes from loading as well.
 */
export class SharedLoad {
  readonly #core: Core
  readonly #l2: Store
  readonly #request: LoadRequest
  readonly #flight: Flight
  readonly #stored: StoredKey
  readonly #budget: L2Budget

  /** @param budget what is left of it after the first look */
  constructor(core: Core, request: LoadRequest, flight: Flight, budget: L2Budget) {
    this.#core = core
    this.#l2 = core.l2 as Store
    this.#request = request
    this.#flight = flight
    this.#stored = request.scope.storedKey(request.path)
    this.#budget = budget
  }

  /** @param first what L2 was found to hold */
  async run(first: Found): Promise<void> {
    const { isForced } = this.#request
    let next: Found | undefined = first
    while (next !== undefined) {
      const found: Found = next
      this.#flight.checkWanted()
      // L2 has been asked and has no old value: it may have been deleted or invalidated, so the one in L1 is not served any more.
      if (found.kind !== 'entry' && found.kind !== 'away' && found.kind !== 'unproven') this.#flight.stale = undefined
      switch (found.kind) {
        case 'entry':
          if (!this.#core.format.hasHeader) next = await this.#usePlain(found.entry)
          else next = await (isForced ? this.#reload(found.entry) : this.#use(found.entry, found.bytes))
          break
        case 'nothing':
          next = await this.#loadOver(undefined)
          break
        case 'unusable':
          next = await this.#loadOver(found.prefix)
          break
        case 'lease':
          next = await (isForced ? this.#loadOver(found.mark) : this.#wait(found))
          break
        case 'error':
          if (!isForced) throw sharedFailure(this.#request, found)
          next = await this.#loadOver(found.mark)
          break
        case 'unproven':
          this.#flight.resolve(found.entry.value)
          return
        case 'fenced':
        case 'away':
          next = await this.#loadAlone()
          break
      }
    }
  }

  async #look(): Promise<Found> {
    const touches = this.#flight.touches
    const found = await lookUp(this.#core, this.#lookNow(), undefined, () => this.#flight.touches === touches)
    return checkFound(this.#core, this.#request, found)
  }

  /** For one who has waited. */
  #lookAfterWait(): Promise<Found> {
    this.#budget.renew()
    return this.#look()
  }

  #lookNow(): Look {
    const { scope, path, policy, isExact } = this.#request
    return { scope, path, policy, isExact, sentAtMs: this.#core.nowMs(), shared: this.#flight, budget: this.#budget }
  }

  /** Serves an entry; refreshes it where it is time to and nobody else does. */
  async #use(entry: Entry, bytes: Buffer): Promise<undefined> {
    const core = this.#core
    const { policy, known } = this.#request
    if (this.#flight.isKeepable) keepInL1(core, this.#request, entry)
    const nowMs = core.nowMs()
    if (entry.staleAtMs <= nowMs) {
      this.#flight.offer(entry, policy.timeoutMs)
      return this.#refresh(entry, bytes)
    }
    this.#flight.stale = undefined
    this.#flight.resolve(entry.value)
    if (wantsSlide(entry, policy, nowMs)) return slide(core, this.#request, this.#flight, entry, bytes)
    // The dice were thrown when L1 had this very entry; throwing them again would make it half as likely.
    const isDecided = known !== undefined && known.staleAtMs > nowMs && entry.staleAtMs <= known.staleAtMs + clockSlackMs
    if (!isDecided && !wantsRefresh(entry, policy, nowMs, core.random)) return undefined
    entry.restUntilStale()
    return this.#refresh(entry, bytes)
  }

  async #refresh(entry: Entry, bytes: Buffer): Promise<undefined> {
    const version = Buffer.from(bytes.subarray(versionOffset, versionPrefix))
    const [lock, snapshot] = await Promise.all([this.#lock(version), this.#snap()])
    if (lock === undefined || snapshot === undefined || snapshot.isFenced) {
      this.#giveUp(lock)
      if (this.#flight.isWaitedFor && (await this.#useAnothers(entry, bytes, version))) return undefined
      const nowMs = this.#core.nowMs()
      if (entry.staleAtMs <= nowMs) entry.rest(nowMs, Math.min(Math.max(entry.loadCostMs, shortestRestMs), longestRestMs))
      this.#flight.resolve(entry.value)
      return undefined
    }
    return this.#loadOverVersion(entry, version, lock, snapshot)
  }

  /** Another process refreshes: callers with a `timeout` wait so long for what it stores. */
  async #useAnothers(entry: Entry, bytes: Buffer, version: Buffer): Promise<boolean> {
    const { policy } = this.#request
    const found = await waitForHolder({
      core: this.#core,
      flight: this.#flight,
      key: this.#stored.key,
      seen: { kind: 'entry', entry, bytes },
      limitMs: policy.timeoutMs,
      readAgain: () => this.#lookAfterWait(),
      isOver: (found) => found.kind !== 'entry' || !found.bytes.subarray(versionOffset, versionPrefix).equals(version),
    })
    if (found?.kind !== 'entry' || found.entry.staleAtMs <= this.#core.nowMs()) return false
    if (this.#flight.isKeepable) keepInL1(this.#core, this.#request, found.entry)
    this.#flight.resolve(found.entry.value)
    return true
  }

  /** Marks the entry stale under a new version, which a refresh that began before cannot store over, and loads. */
  async #reload(entry: Entry): Promise<Found | undefined> {
    const mark = staleMark()
    const marking = this.#budget.within(this.#l2.overwrite(this.#stored.key, versionOffset, mark), 'expire')
    const isMarked = await marking.catch((error) => this.#reportWrite(error))
    if (isMarked === undefined) return away
    if (!isMarked) return this.#look()
    const version = mark.subarray(0, versionPrefix - versionOffset)
    const [lock, snapshot] = await Promise.all([this.#lock(version), this.#snap()])
    if (snapshot === undefined || snapshot.isFenced) {
      this.#giveUp(lock)
      return snapshot === undefined ? away : fenced
    }
    return this.#loadOverVersion(entry, version, lock, snapshot)
  }

  async #loadOverVersion(entry: Entry, version: Buffer, lock: Hold | undefined, snapshot: TagSnapshot): Promise<undefined> {
    const { policy } = this.#request
    try {
      await this.#load(entry, { key: this.#stored.key, expected: valuePrefix(version), isWhole: false, version: undefined }, snapshot)
    } catch (error) {
      entry.rest(this.#core.nowMs(), policy.graceBackoffMs)
      if (lock !== undefined) {
        const swap = { key: lock.key, expected: lock.mark, isWhole: true, value: lock.mark, ttlMs: policy.graceBackoffMs }
        this.#inBackground(this.#l2.swap(swap))
      }
      throw error
    } finally {
      lock?.stop()
    }
    return undefined
  }

  /** A lease or a lock, if it is there. */
  #giveBack(key: string, mark: Buffer): void {
    giveBack(this.#core, this.#request.scope, key, mark)
  }

  #giveUp(lock: Hold | undefined): void {
    if (lock === undefined) return
    lock.stop()
    this.#giveBack(lock.key, lock.mark)
  }

  /** The lock of a version, which never needs to be given up: the next version has another one. */
  async #lock(version: Buffer): Promise<Hold | undefined> {
    const { leaseMs } = this.#core
    const key = this.#request.scope.refreshKey(version)
    const mark = newLease(leaseMs)
    try {
      const present = await this.#budget.within(this.#l2.claim({ key, value: mark, ttlMs: leaseMs }), 'claim')
      return present === undefined ? new Hold(this.#core, key, mark) : undefined
    } catch (error) {
      this.#reportWrite(error)
      this.#giveBack(key, mark)
      return undefined
    }
  }

  /**
   * Takes the lease and loads.
   *
   * @param over what must still be there; `undefined`: nothing
   * @returns what is there instead
   */
  async #loadOver(over: Buffer | undefined): Promise<Found | undefined> {
    if (!this.#core.format.hasHeader) return this.#loadPlain(over)
    const lease = newLease(this.#core.leaseMs)
    const [instead, snapshot] = await Promise.all([this.#acquire(lease, over), this.#snap()])
    if (instead !== undefined) return instead
    if (snapshot === undefined || snapshot.isFenced) {
      this.#giveBack(this.#stored.key, lease)
      return snapshot === undefined ? away : fenced
    }
    const hold = new Hold(this.#core, this.#stored.key, lease)
    try {
      await this.#load(undefined, { key: hold.key, expected: lease, isWhole: true, version: versionOf(lease) }, snapshot)
    } catch (error) {
      this.#inBackground(this.#endLease(lease, error))
      throw error
    } finally {
      hold.stop()
    }
    return undefined
  }

  /** No lease can stand in a plain key: somebody else would read it as a value. Each process loads for itself, and the first stores. */
  async #loadPlain(over: Buffer | undefined): Promise<undefined> {
    const snapshot = { tokens: [], isFenced: false, number: 0, linkEpoch: 0 }
    await this.#load(undefined, { key: this.#stored.key, expected: over ?? Buffer.alloc(0), isWhole: false, version: undefined }, snapshot)
    return undefined
  }

  /** Whatever there is counts as fresh; only who asks for it by name gets a load. */
  async #usePlain(entry: Entry): Promise<undefined> {
    if (this.#request.isForced) {
      await this.#budget.within(this.#l2.deleteMany([this.#stored.key]), 'delete').catch((error) => this.#reportWrite(error))
      return this.#loadPlain(undefined)
    }
    if (this.#flight.isKeepable) keepInL1(this.#core, this.#request, entry)
    this.#flight.resolve(entry.value)
    return undefined
  }

  async #acquire(lease: Buffer, over: Buffer | undefined): Promise<Found | undefined> {
    const look = this.#lookNow()
    const entry = { key: this.#stored.key, value: lease, ttlMs: this.#core.leaseMs }
    try {
      if (over !== undefined && over.length > 0) {
        const isMine = await this.#budget.within(this.#l2.swap({ ...entry, expected: over, isWhole: false }), 'claim')
        return isMine ? undefined : await this.#look()
      }
      if (over !== undefined) await this.#budget.within(this.#l2.deleteMany([entry.key]), 'delete')
      const present = await this.#budget.within(this.#l2.claim(entry), 'claim')
      if (present === undefined) return undefined
      const found = await settle(this.#core, look, judge(this.#core, look, this.#stored, present))
      return checkFound(this.#core, this.#request, found)
    } catch (error) {
      // It may be there, or come later, when what is loaded from now on may have been overtaken: it is given back behind itself.
      this.#reportWrite(error)
      this.#giveBack(entry.key, lease)
      return away
    }
  }

  /** A failed load is told to those who wait, so that they do not all repeat it; one that nobody wants any more is not a failure. */
  async #endLease(lease: Buffer, error: unknown): Promise<unknown> {
    const { policy } = this.#request
    const isTold = policy.errorTtlMs > 0 && isOfSource(error) && this.#flight.dropReason === undefined
    const mark = isTold ? encodeFailure(failureOf(error)) : undefined
    const { key } = this.#stored
    if (mark === undefined) return this.#giveBack(key, lease)
    rememberFailure(this.#core, this.#request, mark, error)
    try {
      return await this.#l2.swap({ key, expected: lease, isWhole: true, value: mark, ttlMs: Math.max(policy.errorTtlMs, 1) })
    } catch (failure) {
      this.#giveBack(key, lease)
      throw failure
    }
  }

  async #wait(lease: Extract<Found, { kind: 'lease' }>): Promise<Found> {
    const core = this.#core
    const { scope, path, policy } = this.#request
    core.counters.waits += 1
    if (core.emitter.isHeard) core.emitter.emit({ type: 'wait.started', namespace: scope.name, key: path })
    const startedAtMs = core.deadlineNowMs()
    this.#request.onWait?.()
    const { key } = this.#stored
    const found = await waitForHolder({
      core,
      flight: this.#flight,
      key,
      seen: lease,
      limitMs: policy.lockTimeoutMs,
      readAgain: () => this.#lookAfterWait(),
      isOver: (found) => found.kind !== 'lease',
    })
    const durationMs = core.deadlineNowMs() - startedAtMs
    core.counters.waitTimeMs += durationMs
    if (core.emitter.isHeard) core.emitter.emit({ type: 'wait.done', namespace: scope.name, key: path, durationMs })
    // Somebody else has the right to store: what this process loads now may be overtaken, and it would not hear of it.
    return found ?? fenced
  }

  /** What tags hold before the load; `undefined` when the server cannot say. */
  async #snap(): Promise<TagSnapshot | undefined> {
    const { scope, tags, policy } = this.#request
    try {
      const known = scope.tags.snap(tags, tagLifeMs(policy.ttlMs + policy.graceMs))
      const snapshot = known instanceof Promise ? await this.#budget.within(known, 'snap') : known
      this.#flight.snapshot = snapshot
      return snapshot
    } catch (error) {
      return this.#reportWrite(error)
    }
  }

  /** What must not be stored in L2, or cannot be, goes to the callers, and for a while to L1. */
  async #loadAlone(): Promise<undefined> {
    const { known } = this.#request
    const loaded = await this.#call(known)
    this.#answer(loaded)
    keepInL1Alone(this.#core, this.#request, this.#flight, loaded)
    return undefined
  }

  async #load(old: Entry | undefined, claim: Claim, snapshot: TagSnapshot): Promise<void> {
    this.#flight.claim = claim
    const loaded = await this.#call(old)
    this.#answer(loaded)
    await publish(this.#core, this.#request, this.#flight, loaded, claim, snapshot)
  }

  /** What is loaded while this process changes the source may not be committed: it is stored nowhere, even where the fence was lost. */
  async #call(old: Entry | undefined): Promise<Loaded> {
    const { scope, path, tags } = this.#request
    const loaded = await callLoader(this.#core, this.#request, this.#flight, old)
    if (scope.isChanging(path, tags) || scope.isChanging(path, loaded.lateTags)) this.#flight.overtake()
    return loaded
  }

  /** What L1 has is older than what callers get now, and must not be found after it, whether or not this one is kept. */
  #answer(loaded: Loaded): void {
    const known = this.#request.scope.l1?.peek(this.#request.path) as Entry | undefined
    known?.doubt()
    this.#flight.resolve(loaded.encoded.value)
  }

  #reportWrite(error: unknown): undefined {
    if (error instanceof UsageError) throw error
    reportStoreFailure(this.#core, this.#request.scope.name, 'write', error)
  }

  /** `idle` waits for it; a failure is reported. */
  #inBackground(work: Promise<unknown>): void {
    inBackground(this.#core, this.#request.scope, work)
  }
}

/** Both clocks are read a moment apart. */
const clockSlackMs = 20
