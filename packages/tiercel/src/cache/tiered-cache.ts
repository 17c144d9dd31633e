import { UsageError } from '../kernel/errors.ts'
import { checkPath, joinKey, type Key } from '../kernel/key.ts'
import { show } from '../kernel/show.ts'
import type { CacheEventListener } from '../telemetry/event.ts'
import { type CacheStats, snapshot } from '../telemetry/stats.ts'
import type { Cache, GetOrSetOptions, Loader, SetOptions } from './cache.ts'
import { type Core, checkOpen } from './core.ts'
import { startFlight } from './load-path.ts'
import { callPolicy, getOrSetOptionNames, setOptionNames } from './policy.ts'
import { readL2 } from './read-path.ts'
import type { Scope } from './scope.ts'
import type { Scopes } from './scopes.ts'
import { deleteEntries, encodeValue, type SetEntry, writeEntries } from './write-path.ts'

/**
 * The public face: checks what callers give, looks into L1, and hands on.
 *
 * An L1 hit is the hot path and stays short: one look-up by the caller's own string, no options read, no closure, no `async` frame. A string
 * that is in L1 was checked when it came there; only where it could be read as an escaped path must it be checked again.
 */
export class TieredCache implements Cache {
  readonly name: string
  readonly #core: Core
  readonly #scope: Scope
  readonly #scopes: Scopes
  readonly #copies: boolean

  constructor(core: Core, scopes: Scopes, scope: Scope) {
    this.#core = core
    this.#scopes = scopes
    this.#scope = scope
    this.#copies = core.sharing === 'clone'
    this.name = scope.name
  }

  get<T = unknown>(key: Key): Promise<T | undefined> {
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const hit = this.#lookIntoL1(key, path)
      return (hit === undefined ? this.#getFromL2(this.#checked(key, path)) : this.#handOut(hit)) as Promise<T | undefined>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getOrSet<T>(key: Key, load: Loader<T>, options?: GetOrSetOptions): Promise<T> {
    try {
      const path = typeof key === 'string' ? key : joinKey(key)
      const hit = this.#lookIntoL1(key, path)
      return (hit === undefined ? this.#flyOrJoin(this.#checked(key, path), load, options) : this.#handOut(hit)) as Promise<T>
    } catch (error) {
      return Promise.reject(error)
    }
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

  async has(key: Key): Promise<boolean> {
    return (await this.get(key)) !== undefined
  }

  async getMany<T = unknown>(keys: readonly Key[]): Promise<(T | undefined)[]> {
    if (!Array.isArray(keys)) throw listExpected('getMany', 'keys', keys)
    for (const key of keys) this.#path(key)
    return Promise.all(keys.map((key) => this.get<T>(key)))
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

  #lookIntoL1(key: Key, path: string): unknown {
    const scope = this.#scope
    if (scope.l1 === undefined) return undefined
    const hit = scope.l1.get(path)
    const core = this.#core
    if (hit === undefined) {
      core.counters.l1Misses += 1
      return undefined
    }
    if (scope.l1.hasEscapes && typeof key === 'string') checkPath(key)
    core.counters.l1Hits += 1
    if (core.emitter.isHeard) core.emitter.emit({ type: 'read.hit', tier: 'l1', namespace: scope.name, key: path })
    return hit
  }

  async #getFromL2(path: string): Promise<unknown> {
    const found = await readL2(this.#core, this.#scope, path)
    if (found.isHit) return this.#copies ? structuredClone(found.value) : found.value
    const { emitter } = this.#core
    if (emitter.isHeard) emitter.emit({ type: 'read.miss', namespace: this.#scope.name, key: path })
    return undefined
  }

  #flyOrJoin(path: string, load: Loader<unknown>, options: GetOrSetOptions | undefined): Promise<unknown> {
    const core = this.#core
    const scope = this.#scope
    if (typeof load !== 'function') {
      throw new UsageError('TIERCEL_INVALID_LOADER', `getOrSet: the loader must be a function, not ${show(load)}.`, { key: path })
    }
    const policy = callPolicy(core.policy, options, getOrSetOptionNames, 'getOrSet')
    const signal = checkSignal(options?.signal)
    if (signal?.aborted === true) throw signal.reason
    let flight = scope.flights.get(path)
    if (flight === undefined) {
      flight = startFlight(core, { scope, path, load, policy })
    } else {
      core.counters.loadsJoined += 1
      if (core.emitter.isHeard) core.emitter.emit({ type: 'load.joined', namespace: scope.name, key: path })
    }
    const result = flight.join(signal)
    return this.#copies ? result.then(structuredClone) : result
  }

  #handOut(value: unknown): Promise<unknown> {
    return Promise.resolve(this.#copies ? structuredClone(value) : value)
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

function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw new UsageError('TIERCEL_INVALID_OPTION', `signal: ${show(signal)} is not an AbortSignal.`)
}

function listExpected(call: string, what: string, given: unknown): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', `${call}: an array of ${what} is needed, not ${show(given)}.`)
}
