import { type SchemaOptions, type StandardSchema, type ValueCheck, valueCheck } from '../codecs/schema.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkPath, joinKey, type Key, type KeyPart } from '../kernel/key.ts'
import { checkOptionNames, checkSignal } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { CacheEventListener } from '../telemetry/event.ts'
import { type CacheStats, snapshot } from '../telemetry/stats.ts'
import { checkManyOptions, settleAll } from './batch-options.ts'
import type { Cache } from './cache.ts'
import { type Core, checkOpen } from './core.ts'
import { declareFunction, declareResource } from './declare.ts'
import type { BatchingCache } from './declared-resource.ts'
import { encodeValue } from './encode.ts'
import { Entry, wantsRefresh, wantsSlide } from './entry.ts'
import type { Flight } from './flight.ts'
import { type BatchPlace, LoadBatch } from './load-batch.ts'
import { startFlight } from './load-path.ts'
import type { LoadRequest } from './load-request.ts'
import type { BatchLoader, Loader } from './loader.ts'
import type { MemoizedFunction, MemoizeOptions } from './memoized.ts'
import type { GetOrSetManyOptions, GetOrSetOptions, SetOptions } from './options.ts'
import { callPolicy, checkFlag, getOptionNames, getOrSetOptionNames, type Policy, setOptionNames } from './policy.ts'
import { keepInL1, readShared } from './read-path.ts'
import type { Resource, ResourceDefinition } from './resource.ts'
import type { Scope } from './scope.ts'
import type { Scopes } from './scopes.ts'
import { checkStored, mismatch, reportRefusal } from './value-checks.ts'
import { deleteEntries, expireEntry, type SetEntry, writeEntries } from './write-path.ts'

/** What a value may lag behind changes of other processes because a load is shared within this one. */
const joinableMs = 1_000

/**
 * The public face: checks what callers give, looks into L1, and hands on.
 *
 * An L1 hit is the hot path and stays short: one look-up by the caller's own string, no option but the schema read, no closure, no `async` frame. A string
 * that is in L1 was checked when it came there; only where it could be read as an escaped path must it be checked again.
 */
export class TieredCache implements BatchingCache {
  readonly name: string
  readonly #core: Core
  readonly #scope: Scope
  readonly #scopes: Scopes
  /** Whether what is held is not yet what is handed out. */
  readonly #copies: boolean

  constructor(core: Core, scopes: Scopes, scope: Scope) {
    this.#core = core
    this.#scopes = scopes
    this.#scope = scope
    this.#copies = !core.format.values.isAsIs
    this.name = scope.name
  }

  get<T = unknown>(key: Key, options?: AnySchemaOptions): Promise<T | undefined> {
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const nowMs = this.#core.nowMs()
      const entry = this.#lookIntoL1(key, path, nowMs)
      if (options !== undefined) return this.#getChecked(this.#checked(key, path), entry, options) as Promise<T | undefined>
      return (entry === undefined ? this.#getFromL2(this.#checked(key, path)) : this.#serve(path, entry)) as Promise<T | undefined>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getOrSet<T>(key: Key, load: Loader<T>, options?: CallOptions): Promise<T> {
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const nowMs = this.#core.nowMs()
      const entry = this.#lookIntoL1(key, path, nowMs)
      if (entry !== undefined && (options === undefined || isPlain(options)) && nowMs < entry.lookAtMs) {
        return this.#handOut(path, entry, nowMs) as Promise<T>
      }
      if (options?.schema !== undefined) return this.#askChecked(this.#checked(key, path), entry, load, options) as Promise<T>
      return this.#ask(this.#checked(key, path), entry, load, options) as Promise<T>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async getOrSetMany<K extends Key, T>(
    keys: readonly K[],
    loadMany: BatchLoader<K, T, Key>,
    options: GetOrSetManyOptions = {},
  ): Promise<(T | PromiseSettledResult<T>)[]> {
    if (!Array.isArray(keys)) throw listExpected('getOrSetMany', 'keys', keys)
    if (typeof loadMany !== 'function') {
      throw new UsageError('TIERCEL_INVALID_LOADER', `getOrSetMany: loadMany must be a function, not ${show(loadMany)}.`)
    }
    const { isPartial, bounds, each } = checkManyOptions(this.#core.policy, options)
    for (const key of keys) this.#path(key)
    const batch = new LoadBatch<K>({ ...bounds, call: 'getOrSetMany', loadMany, pathOf })
    // A copy of the key's parts: the caller's array may have changed when it is loaded.
    const values = keys.map((key) => this.getOrSetAt(() => batch.add((typeof key === 'string' ? key : [...key]) as K), key, each))
    batch.close()
    return settleAll(values as Promise<T>[], { call: 'getOrSetMany', isPartial, signal: each.signal })
  }

  getOrSetAt(takePlace: () => BatchPlace, key: Key, options: CallOptions | undefined): Promise<unknown> {
    let place: BatchPlace | undefined
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const nowMs = this.#core.nowMs()
      const entry = this.#lookIntoL1(key, path, nowMs)
      if (entry !== undefined && (options === undefined || isPlain(options)) && nowMs < entry.lookAtMs)
        return this.#handOut(path, entry, nowMs)
      const checked = this.#checked(key, path)
      place = takePlace()
      if (options?.forceFresh !== true && this.#joinable(checked) !== undefined) place.pass()
      const result =
        options?.schema === undefined
          ? this.#ask(checked, entry, place.load, options, place.pass)
          : this.#askChecked(checked, entry, place.load, options, place.pass)
      result.then(place.pass, place.pass)
      return result
    } catch (error) {
      place?.pass()
      return Promise.reject(error)
    }
  }

  resource<const Template extends string, T>(definition: ResourceDefinition<Template, T>): Resource<Template, T> {
    return declareResource({ cache: this, core: this.#core, scope: this.#scope }, definition)
  }

  memoize<Args extends readonly unknown[], R>(fn: (...args: Args) => R, options: MemoizeOptions): MemoizedFunction<Args, Awaited<R>> {
    return declareFunction({ cache: this, core: this.#core, scope: this.#scope }, fn, options)
  }

  async set<T>(key: Key, value: T, options?: SetOptions): Promise<void> {
    await writeEntries(this.#core, [this.#entry(key, value, options, 'set')])
  }

  async setMany(entries: readonly (readonly [key: Key, value: unknown])[], options?: SetOptions): Promise<void> {
    if (!Array.isArray(entries)) throw listExpected('setMany', 'entries: [[key, value], …]', entries)
    const checked = entries.map(([key, value]) => this.#entry(key, value, options, 'setMany'))
    await writeEntries(this.#core, checked)
  }

  async delete(key: Key): Promise<void> {
    await deleteEntries(this.#core, this.#scope, [this.#path(key)])
  }

  async deleteMany(keys: readonly Key[]): Promise<void> {
    if (!Array.isArray(keys)) throw listExpected('deleteMany', 'keys', keys)
    await deleteEntries(
      this.#core,
      this.#scope,
      keys.map((key) => this.#path(key)),
    )
  }

  async expire(key: Key): Promise<void> {
    await expireEntry(this.#core, this.#scope, this.#path(key))
  }

  async has(key: Key): Promise<boolean> {
    return (await this.get(key)) !== undefined
  }

  async getMany<T = unknown>(keys: readonly Key[], options?: AnySchemaOptions): Promise<(T | undefined)[]> {
    if (!Array.isArray(keys)) throw listExpected('getMany', 'keys', keys)
    for (const key of keys) this.#path(key)
    return Promise.all(keys.map((key) => this.get<T>(key, options)))
  }

  namespace(name: string): Cache {
    checkOpen(this.#core)
    return new TieredCache(this.#core, this.#scopes, this.#scopes.within(this.#scope, name))
  }

  on(listener: CacheEventListener): () => void {
    if (typeof listener !== 'function')
      throw new UsageError('TIERCEL_INVALID_OPTION', `on: a listener is a function, not ${show(listener)}.`)
    return this.#core.emitter.on(listener)
  }

  stats(): CacheStats {
    return snapshot(this.#core.counters, this.#core.l1 ?? { entries: 0, sizeBytes: 0, evictions: 0 })
  }

  idle(): Promise<void> {
    return this.#core.background.idle()
  }

  async close(): Promise<void> {
    this.#core.isClosed = true
    this.#core.l1?.clear()
    await this.idle()
    this.#core.l1?.clear()
    await this.#core.l2?.close()
  }

  #lookIntoL1(key: Key, path: string, nowMs: number): Entry | undefined {
    const scope = this.#scope
    if (scope.l1 === undefined) return undefined
    const entry = scope.l1.use(path) as Entry | undefined
    if (entry === undefined || (nowMs >= entry.lookAtMs && nowMs >= entry.endsAtMs)) return this.#missInL1(path, entry)
    if (scope.l1.hasEscapes && typeof key === 'string') checkPath(key)
    return entry
  }

  #missInL1(path: string, ended: Entry | undefined): undefined {
    this.#core.counters.l1Misses += 1
    if (ended !== undefined) this.#scope.l1?.delete(path)
  }

  /**
   * The flight of a key that one more caller may share. Not one that began long ago: its value may be older than a change by another process. Who
   * comes then asks L2, and waits for the lease of that flight if it still stands there.
   */
  #joinable(path: string): Flight | undefined {
    const flight = this.#scope.flights.get(path)
    if (flight === undefined || this.#core.l2 === undefined) return flight
    return this.#core.nowMs() - flight.startedAtMs <= joinableMs ? flight : undefined
  }

  /** A hit in L1. */
  #handOut(path: string, entry: Entry, nowMs: number): Promise<unknown> {
    const { counters, emitter } = this.#core
    counters.l1Hits += 1
    const isStale = entry.staleAtMs <= nowMs
    if (isStale) counters.staleHits += 1
    if (emitter.isHeard) emitter.emit({ type: 'read.hit', tier: 'l1', namespace: this.#scope.name, key: path, isStale })
    return Promise.resolve(this.#copy(entry.value))
  }

  /** For one who does not load: what is fresh, else what L2 has by now. */
  #serve(path: string, entry: Entry): Promise<unknown> {
    const core = this.#core
    const nowMs = core.nowMs()
    if (nowMs < entry.lookAtMs) return this.#handOut(path, entry, nowMs)
    if (core.policy.sliding) this.#slideInL1(path, entry, core.policy, nowMs)
    if (nowMs < entry.staleAtMs || core.l2 === undefined) return this.#handOut(path, entry, nowMs)
    return this.#getFromL2(path, entry)
  }

  /** @param stale served when L2 cannot say */
  async #getFromL2(path: string, stale?: Entry): Promise<unknown> {
    const core = this.#core
    const found = await readShared(core, this.#scope, path)
    if (found.kind === 'entry') {
      if (found.entry.staleAtMs <= core.nowMs()) core.counters.staleHits += 1
      return this.#copy(found.entry.value)
    }
    if (found.kind === 'away' && stale !== undefined) return this.#handOut(path, stale, core.nowMs())
    if (core.emitter.isHeard) core.emitter.emit({ type: 'read.miss', namespace: this.#scope.name, key: path })
    return undefined
  }

  #copy(held: unknown): unknown {
    return this.#copies ? this.#core.format.values.handOut(held) : held
  }

  async #getChecked(path: string, entry: Entry | undefined, options: AnySchemaOptions): Promise<unknown> {
    checkOptionNames(options, getOptionNames, 'get')
    const check = valueCheck(options)
    const value = await (entry === undefined ? this.#getFromL2(path) : this.#serve(path, entry))
    if (check === undefined || value === undefined) return value
    const verdict = await checkStored(value, check)
    if (verdict.isValid) return verdict.value
    reportRefusal(this.#core, this.#scope, path, entry === undefined ? 'l2' : 'l1')
    if (entry !== undefined) return this.#getChecked(path, undefined, options)
    if (this.#core.emitter.isHeard) this.#core.emitter.emit({ type: 'read.miss', namespace: this.#scope.name, key: path })
    return undefined
  }

  async #askChecked(
    path: string,
    found: Entry | undefined,
    load: Loader<unknown>,
    options: CallOptions,
    onWait?: () => void,
  ): Promise<unknown> {
    const check = valueCheck(options) as ValueCheck
    let entry = found
    if (entry?.value !== undefined && !(await checkStored(this.#copy(entry.value), check)).isValid) {
      reportRefusal(this.#core, this.#scope, path, undefined)
      entry = undefined
    }
    const nowMs = this.#core.nowMs()
    const isSimple = entry !== undefined && options.forceFresh === undefined && nowMs < entry.lookAtMs
    const joined = await (isSimple ? this.#handOut(path, entry as Entry, nowMs) : this.#ask(path, entry, load, options, onWait))
    if (joined === undefined) return undefined
    const verdict = await checkStored(joined, check)
    if (verdict.isValid) return verdict.value
    // It was the flight of a caller with another schema or none.
    this.#scope.l1?.delete(path)
    const own = await checkStored(await this.#ask(path, undefined, load, options, onWait), check)
    if (own.isValid) return own.value
    throw mismatch(own.where, path)
  }

  /** What L1 cannot simply hand out: nothing is there, or an entry that may be due for a refresh. */
  #ask(
    path: string,
    entry: Entry | undefined,
    load: Loader<unknown>,
    options: CallOptions | undefined,
    onWait?: () => void,
  ): Promise<unknown> {
    const core = this.#core
    const scope = this.#scope
    checkLoader(load, path)
    const policy = callPolicy(core.policy, options, getOrSetOptionNames, 'getOrSet')
    const isForced = options?.forceFresh === undefined ? false : checkFlag(options.forceFresh, 'forceFresh')
    const signal = checkSignal(options?.signal)
    if (signal?.aborted === true) throw signal.reason
    const check = options === undefined ? undefined : valueCheck(options)
    const request = { scope, path, load, policy, isForced, known: entry, check, onWait }
    if (entry !== undefined && !isForced && core.nowMs() < entry.staleAtMs) return this.#refreshIfDue(request, entry)
    let flight = isForced ? undefined : this.#joinable(path)
    if (flight === undefined) {
      flight = startFlight(core, request)
    } else {
      core.counters.loadsJoined += 1
      if (core.emitter.isHeard) core.emitter.emit({ type: 'load.joined', namespace: scope.name, key: path })
    }
    const result = flight.join(signal, policy.hardTimeoutMs)
    return this.#copies ? result.then((held) => this.#copy(held)) : result
  }

  /** Hands out what is fresh, and loads it anew in the background where it is time to. */
  #refreshIfDue(request: LoadRequest, entry: Entry): Promise<unknown> {
    const core = this.#core
    const { path, policy } = request
    const nowMs = core.nowMs()
    if (policy.sliding) this.#slideInL1(path, entry, policy, nowMs)
    const isDue = wantsRefresh(entry, policy, nowMs, core.random) || (wantsSlide(entry, policy, nowMs) && core.l2 !== undefined)
    if (isDue && !this.#scope.flights.has(path)) {
      entry.restUntilStale()
      startFlight(core, request)
    }
    return this.#handOut(path, entry, nowMs)
  }

  /** Without L2 there is no other copy: the entry gets its full ttl again here. */
  #slideInL1(path: string, entry: Entry, policy: Policy, nowMs: number): void {
    if (this.#core.l2 !== undefined || !wantsSlide(entry, policy, nowMs)) return
    const lengthMs = entry.staleAtMs - entry.createdAtMs
    const staleAtMs = nowMs + lengthMs
    const renewed = new Entry(entry.value, nowMs, staleAtMs, staleAtMs + entry.deadAtMs - entry.staleAtMs, entry.loadCostMs, policy)
    renewed.sizeBytes = entry.sizeBytes
    keepInL1(this.#core, this.#scope, path, renewed, policy)
  }

  #entry(key: Key, value: unknown, options: SetOptions | undefined, call: string): SetEntry {
    const core = this.#core
    const path = this.#path(key)
    const policy = callPolicy(core.policy, options, setOptionNames, call)
    return { scope: this.#scope, path, policy, encoded: encodeValue(core, value) }
  }

  #path(key: Key): string {
    return this.#checked(key, typeof key === 'string' ? key : joinKey(key))
  }

  #checked(key: Key, path: string): string {
    checkOpen(this.#core)
    if (typeof key === 'string') checkPath(path)
    return path
  }
}

/** Of any schema: the types of the contract tell callers which. */
type AnySchemaOptions = Partial<SchemaOptions<StandardSchema>>
type CallOptions = GetOrSetOptions & AnySchemaOptions

/** Whether nothing in the options keeps a hit in L1 from being handed out. */
function isPlain(options: CallOptions): boolean {
  return options.forceFresh === undefined && options.schema === undefined
}

function checkLoader(load: Loader<unknown>, key: string): void {
  if (typeof load === 'function') return
  throw new UsageError('TIERCEL_INVALID_LOADER', `getOrSet: the loader must be a function, not ${show(load)}.`, { key })
}

function pathOf(key: unknown): string {
  return typeof key === 'string' ? key : joinKey(key as readonly KeyPart[])
}

function listExpected(call: string, what: string, given: unknown): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', `${call}: an array of ${what} is needed, not ${show(given)}.`)
}
