import { UsageError } from '../kernel/errors.ts'
import { checkPath, joinKey, type Key, type KeyPart } from '../kernel/key.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { Admin } from '../stores/admin/admin.ts'
import type { CacheEventListener } from '../telemetry/event.ts'
import { type CacheStats, snapshot } from '../telemetry/stats.ts'
import { type AnyGetOptions, Asking, type CallOptions, type InL1, isPlain, notInL1 } from './asking.ts'
import { checkManyOptions, settleAll } from './batch-options.ts'
import type { Cache } from './cache.ts'
import { cacheAdmin } from './cache-admin.ts'
import { loadRunner } from './call-loader.ts'
import { type CloseOptions, checkClose, closeCore } from './close.ts'
import { type Core, checkOpen } from './core.ts'
import { type AnyDefinition, type AnyResource, declareFunction, declareResource } from './declare.ts'
import type { BatchingCache } from './declared-resource.ts'
import { encodeValue } from './encode.ts'
import type { Entry } from './entry.ts'
import { explain } from './explain/explain.ts'
import type { Explanation } from './explain/explanation.ts'
import type { FenceTimes } from './fences.ts'
import { type CacheHealth, healthOf } from './health.ts'
import { ageTags, bumpTags, deleteEntries, expireEntry, type InvalidationOutcome } from './invalidate.ts'
import { type BatchPlace, LoadBatch, type LoadRunner } from './load-batch.ts'
import type { BatchLoader, Loader } from './loader.ts'
import type { MemoizedFunction, MemoizeOptions } from './memoized.ts'
import { checkMutation, type MutateOptions, type MutateResult, type MutateTargets, mutate } from './mutate.ts'
import type { GetOrSetManyOptions, SetOptions } from './options.ts'
import { callPolicy, setOptionNames } from './policy.ts'
import type { KeyChange } from './resource-writes.ts'
import type { Scope } from './scope.ts'
import type { Scopes } from './scopes.ts'
import { type SetEntry, writeEntries } from './set-entries.ts'
import { type Tag, tagNames } from './tag-names.ts'
import { type Commit, type WriteOutcome, writeSource } from './write-source.ts'

/**
 * The public face: checks what callers give, looks into L1, and hands on.
 *
 * An L1 hit is the hot path and stays short: one look-up by the caller's own string, no option but the schema read, no closure, no `async` frame. A string
 * that is in L1 was checked when it came there; only where it could be read as an escaped path must it be checked again. What is found is served
 * as it is while nothing was heard of any tag of its namespace since it was last checked, and this process would have heard.
 */
export class TieredCache implements BatchingCache {
  readonly name: string
  readonly #core: Core
  readonly #scope: Scope
  readonly #scopes: Scopes
  readonly #asking: Asking
  /** What the last look into L1 found and may not serve without asking. */
  #doubted: Entry | undefined

  readonly loads: LoadRunner

  constructor(core: Core, scopes: Scopes, scope: Scope) {
    this.#core = core
    this.#scopes = scopes
    this.#scope = scope
    this.#asking = new Asking(core, scope)
    this.loads = loadRunner(core)
    this.name = scope.name
  }

  get<T = unknown>(key: Key, options?: AnyGetOptions): Promise<T | undefined> {
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const nowMs = this.#core.nowMs()
      const entry = this.#lookIntoL1(key, path, nowMs)
      if (entry !== undefined && options === undefined && nowMs < entry.lookAtMs)
        return this.#asking.handOut(path, entry, nowMs) as Promise<T | undefined>
      return this.#asking.get(this.#checked(key, path), this.#inL1(entry), options) as Promise<T | undefined>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getOrSet<T>(key: Key, load: Loader<T>, options?: CallOptions): Promise<T> {
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const nowMs = this.#core.nowMs()
      const entry = this.#lookIntoL1(key, path, nowMs)
      if (entry !== undefined && (options === undefined || isPlain(options)) && nowMs < entry.lookAtMs)
        return this.#asking.handOut(path, entry, nowMs) as Promise<T>
      return this.#asking.getOrSet(this.#checked(key, path), this.#inL1(entry), load, options) as Promise<T>
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
    const { isPartial, bounds, each } = checkManyOptions(this.#core, options)
    for (const key of keys) this.#path(key)
    const batch = new LoadBatch<K>({ ...bounds, call: 'getOrSetMany', loadMany, pathOf, loads: this.loads })
    // A copy of the key's parts: the caller's array may have changed when it is loaded.
    const values = keys.map((key) => this.getOrSetAt(() => batch.add((typeof key === 'string' ? key : [...key]) as K), key, each))
    batch.close()
    return settleAll(values as Promise<T>[], { call: 'getOrSetMany', done: 'loaded', isPartial, signal: each.signal })
  }

  getOrSetAt(takePlace: () => BatchPlace, key: Key, options: CallOptions | undefined): Promise<unknown> {
    let place: BatchPlace | undefined
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const nowMs = this.#core.nowMs()
      const entry = this.#lookIntoL1(key, path, nowMs)
      if (entry !== undefined && (options === undefined || isPlain(options)) && nowMs < entry.lookAtMs)
        return this.#asking.handOut(path, entry, nowMs)
      const checked = this.#checked(key, path)
      const inL1 = this.#inL1(entry)
      place = takePlace()
      const result = this.#asking.getOrSet(checked, inL1, place.load, options, place.pass)
      result.then(place.pass, place.pass)
      return result
    } catch (error) {
      place?.pass()
      return Promise.reject(error)
    }
  }

  resource<const Template extends string, T>(definition: AnyDefinition<Template, T>): AnyResource<Template, T> {
    return declareResource({ cache: this, core: this.#core, scope: this.#scope }, definition)
  }

  memoize<Args extends readonly unknown[], R>(fn: (...args: Args) => R, options: MemoizeOptions): MemoizedFunction<Args, Awaited<R>> {
    return declareFunction({ cache: this, core: this.#core, scope: this.#scope }, fn, options)
  }

  async set<T>(key: Key, value: T, options?: SetOptions<T>): Promise<void> {
    await writeEntries(this.#core, [this.#entry(key, value, options, 'set')])
  }

  async setMany(entries: readonly (readonly [key: Key, value: unknown])[], options?: SetOptions): Promise<void> {
    if (!Array.isArray(entries)) throw listExpected('setMany', 'entries: [[key, value], …]', entries)
    const checked = entries.map(([key, value]) => this.#entry(key, value, options, 'setMany'))
    await writeEntries(this.#core, checked)
  }

  async writeSource(
    changes: readonly KeyChange[],
    times: FenceTimes,
    commit: (entryKeys: readonly string[]) => ReturnType<Commit>,
  ): Promise<PromiseSettledResult<WriteOutcome>[]> {
    const checked = changes.map(({ key, value, options }) =>
      options === undefined
        ? { path: this.#path(key), entry: undefined }
        : { path: this.#path(key), entry: this.#entry(key, value, options, 'set') },
    )
    const entryKeys = checked.map(({ path }) => this.#scope.storedKey(path).key)
    return writeSource(this.#core, this.#scope, checked, { times, commit: () => commit(entryKeys) })
  }

  async delete(key: Key): Promise<InvalidationOutcome> {
    return deleteEntries(this.#core, this.#scope, [this.#path(key)])
  }

  async deleteMany(keys: readonly Key[]): Promise<InvalidationOutcome> {
    if (!Array.isArray(keys)) throw listExpected('deleteMany', 'keys', keys)
    const paths = keys.map((key) => this.#path(key))
    return deleteEntries(this.#core, this.#scope, paths)
  }

  async expire(key: Key): Promise<InvalidationOutcome> {
    return expireEntry(this.#core, this.#scope, this.#path(key))
  }

  async invalidateTag(tag: Tag): Promise<InvalidationOutcome> {
    return bumpTags(this.#core, this.#scope, this.#tags([tag], 'invalidateTag'))
  }

  async invalidateTags(tags: readonly Tag[]): Promise<InvalidationOutcome> {
    return bumpTags(this.#core, this.#scope, this.#tags(tags, 'invalidateTags'))
  }

  async expireTag(tag: Tag): Promise<InvalidationOutcome> {
    return ageTags(this.#core, this.#scope, this.#tags([tag], 'expireTag'))
  }

  async expireTags(tags: readonly Tag[]): Promise<InvalidationOutcome> {
    return ageTags(this.#core, this.#scope, this.#tags(tags, 'expireTags'))
  }

  async clear(): Promise<InvalidationOutcome> {
    checkOpen(this.#core)
    if (!this.#core.format.hasHeader) throw cannotClear()
    this.#scope.overtakeAll()
    try {
      return await bumpTags(this.#core, this.#scope, [''])
    } finally {
      this.#scope.overtakeAll()
    }
  }

  async mutate<T>(targets: Key | MutateTargets, change: () => T | Promise<T>, options?: MutateOptions): Promise<MutateResult<T>> {
    checkOpen(this.#core)
    if (typeof change !== 'function') {
      throw new UsageError('TIERCEL_INVALID_LOADER', `mutate: the change must be a function, not ${show(change)}.`)
    }
    const { keys = [], tags = [] } = isTargets(targets) ? targets : { keys: [targets] }
    if (isTargets(targets)) checkOptionNames(targets, ['keys', 'tags'], 'mutate')
    if (!Array.isArray(keys)) throw listExpected('mutate', 'keys', keys)
    const paths = [...new Set(keys.map((key) => this.#path(key)))]
    return mutate(this.#core, this.#scope, checkMutation(paths, this.#tags(tags, 'mutate'), options), change)
  }

  async has(key: Key): Promise<boolean> {
    return (await this.get(key)) !== undefined
  }

  async getMany<T = unknown>(keys: readonly Key[], options?: AnyGetOptions): Promise<(T | undefined)[]> {
    if (!Array.isArray(keys)) throw listExpected('getMany', 'keys', keys)
    for (const key of keys) this.#path(key)
    return Promise.all(keys.map((key) => this.get<T>(key, options)))
  }

  async explain(key: Key): Promise<Explanation> {
    return explain(this.#core, this.#scope, this.#path(key))
  }

  get admin(): Admin {
    return cacheAdmin(this.#core, this.#scope)
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

  health(): CacheHealth {
    return healthOf(this.#core)
  }

  stats(): CacheStats {
    return snapshot(this.#core.counters, this.#core.l1 ?? { entries: 0, sizeBytes: 0, evictions: 0 })
  }

  idle(): Promise<void> {
    return this.#core.background.idle()
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const drainMs = checkClose(options)
    this.#core.isClosed = true
    this.#core.closing ??= closeCore(this.#core, drainMs)
    await this.#core.closing
  }

  #lookIntoL1(key: Key, path: string, nowMs: number): Entry | undefined {
    const scope = this.#scope
    if (scope.l1 === undefined) return undefined
    const entry = scope.l1.use(path) as Entry | undefined
    if (entry === undefined || (nowMs >= entry.lookAtMs && nowMs >= entry.endsAtMs)) return this.#missInL1(path, entry)
    if (scope.l1.hasEscapes && typeof key === 'string') checkPath(key)
    if (entry.checkedEpoch === scope.tags.epoch && nowMs <= this.#core.proof.provenUntilMs) return entry
    return this.#recheck(entry, nowMs)
  }

  /** Something was heard since it was last checked, or nothing for too long. */
  #recheck(entry: Entry, nowMs: number): Entry | undefined {
    const { proof } = this.#core
    const { tags } = this.#scope
    const known = entry.isSuspect || !proof.covers(entry.sentAtMs, nowMs) ? 'unsure' : tags.check(entry.tokens, nowMs)
    if (known === 'unsure') {
      this.#doubted = entry
      return undefined
    }
    if (known === 'stale') entry.goStale(nowMs)
    if (nowMs <= proof.provenUntilMs) entry.checkedEpoch = tags.epoch
    return nowMs >= entry.endsAtMs || nowMs >= entry.deadAtMs ? undefined : entry
  }

  #inL1(entry: Entry | undefined): InL1 {
    const doubted = this.#doubted
    if (entry === undefined && doubted === undefined) return notInL1
    this.#doubted = undefined
    return { entry, doubted }
  }

  #missInL1(path: string, ended: Entry | undefined): undefined {
    this.#core.counters.l1Misses += 1
    if (ended !== undefined) this.#scope.l1?.delete(path)
  }

  #entry(key: Key, value: unknown, options: SetOptions<never> | undefined, call: string): SetEntry {
    const core = this.#core
    const path = this.#path(key)
    const policy = callPolicy(core.policy, options, setOptionNames, call)
    const encoded = encodeValue(core, value)
    const given = options?.tags
    const tags = typeof given === 'function' ? (value === null ? [] : given(value as never)) : (given ?? [])
    return { scope: this.#scope, path, policy, encoded, tags: tagNames(tags, call, core.format) }
  }

  #tags(tags: readonly Tag[], call: string): readonly string[] {
    checkOpen(this.#core)
    return tagNames(tags, call, this.#core.format)
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

function cannotClear(): UsageError {
  const text = "clear: what is stored with format: 'plain' does not say what it belongs to. Use cache.admin.deleteByPrefix('')."
  return new UsageError('TIERCEL_UNSUPPORTED', text)
}

/** A key is text or a list. */
function isTargets(given: Key | MutateTargets): given is MutateTargets {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

function pathOf(key: unknown): string {
  return typeof key === 'string' ? key : joinKey(key as readonly KeyPart[])
}

function listExpected(call: string, what: string, given: unknown): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', `${call}: an array of ${what} is needed, not ${show(given)}.`)
}
