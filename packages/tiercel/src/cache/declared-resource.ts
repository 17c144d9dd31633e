import { type ValueCheck, validate } from '../codecs/schema.ts'
import { UsageError } from '../kernel/errors.ts'
import { joinKey, type Key, type KeyPart } from '../kernel/key.ts'
import { fillTemplate, type KeyParam, type KeyParams, type KeyTemplate, readTemplate } from '../kernel/key-template.ts'
import { checkOptionNames, checkSignal } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { CallOptions } from './asking.ts'
import { partialFlag, settleAll } from './batch-options.ts'
import type { Cache } from './cache.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import { type BatchBounds, type BatchPlace, type BatchTerms, LoadBatch, type LoadRunner } from './load-batch.ts'
import type { BatchLoader, LoadContext } from './loader.ts'
import type { MutateOptions, MutateResult } from './mutate.ts'
import type { GetOrSetOptions, SetOptions } from './options.ts'
import { type Pending, pendingFirst } from './pending-first.ts'
import { setOptionNames } from './policy.ts'
import type { Resource, ResourceGetOptions, ResourceLoader, WriteCallOptions } from './resource.ts'
import { type ResourceChange, ResourceWrites, type WriteTerms, type WritingCache } from './resource-writes.ts'
import type { Tag } from './tag-names.ts'
import { mismatch } from './value-checks.ts'
import type { WriteOutcome } from './write-source.ts'

/** A cache that can load in batches. */
export interface BatchingCache extends Cache, WritingCache {
  /** `getOrSet` with a place in a batch for a loader, taken when L1 has nothing. */
  getOrSetAt(takePlace: () => BatchPlace, key: Key, options: CallOptions | undefined): Promise<unknown>
  readonly loads: LoadRunner
}

type Params = Readonly<Record<string, KeyParam>>
type Load = ResourceLoader<Params, unknown>

/** What has been checked of a definition. */
export interface Declaration {
  readonly template: KeyTemplate
  readonly load: Load | undefined
  readonly loadMany: BatchLoader<Params, unknown> | undefined
  readonly tags: readonly Tag[] | ((value: unknown, params: Params) => readonly Tag[]) | undefined
  readonly check: ValueCheck | undefined
  readonly write: WriteTerms | undefined
  readonly pending: Pending | undefined
  /** How long values live. */
  readonly options: GetOrSetOptions
  readonly bounds: BatchBounds
}

const getOptionNames = ['signal', 'forceFresh']

/** The public face of a resource, all of it on the verbs of its cache: of one that writes as well, where it was declared so. */
export class DeclaredResource<Template extends string, T, Stored> implements Omit<Resource<Template, T, Stored>, 'set' | 'setMany'> {
  readonly template: Template
  readonly #cache: BatchingCache
  readonly #template: KeyTemplate
  readonly #load: Load | undefined
  readonly #terms: BatchTerms<Params> | undefined
  readonly #check: ValueCheck | undefined
  readonly #options: CallOptions
  readonly #setOptions: SetOptions
  readonly #writes: ResourceWrites | undefined
  readonly #pending: Pending | undefined
  readonly #tagsOf: ((value: unknown, params: Params) => readonly Tag[]) | undefined
  /** Takes the keys that are asked for in this turn of the event loop. */
  #openBatch: LoadBatch<Params> | undefined

  constructor(cache: BatchingCache, { template, load, loadMany, tags, check, write, pending, options, bounds }: Declaration) {
    this.template = template.text as Template
    this.#cache = cache
    this.#template = template
    this.#check = check
    this.#options = { ...options, ...(Array.isArray(tags) ? { tags } : {}), ...check }
    this.#tagsOf = typeof tags === 'function' ? tags : undefined
    this.#setOptions = Object.fromEntries(Object.entries(this.#options).filter(([name]) => setOptionNames.includes(name)))
    this.#writes = write && new ResourceWrites(cache, template.text, write)
    this.#pending = pending
    this.#load = load
    this.#terms = loadMany && {
      ...bounds,
      call: template.text,
      loadMany: load === undefined ? loadMany : orSingle(loadMany, load),
      loads: cache.loads,
      pathOf: (mapKey) => joinKey(fillTemplate(template, asParams(template, mapKey))),
    }
  }

  key(params: KeyParams<Template>): readonly KeyPart[] {
    return fillTemplate(this.#template, params)
  }

  get(params: KeyParams<Template>, options?: ResourceGetOptions): Promise<T> {
    try {
      if (options !== undefined) checkOptionNames(options, getOptionNames, this.template)
      return this.#get(params, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getMany(
    list: readonly KeyParams<Template>[],
    options: ResourceGetOptions & { readonly partial: true },
  ): Promise<PromiseSettledResult<T>[]>
  getMany(list: readonly KeyParams<Template>[], options?: ResourceGetOptions & { readonly partial?: false }): Promise<T[]>
  async getMany(
    list: readonly KeyParams<Template>[],
    options: ResourceGetOptions & { readonly partial?: boolean } = {},
  ): Promise<(T | PromiseSettledResult<T>)[]> {
    checkOptionNames(options, [...getOptionNames, 'partial'], this.template)
    for (const key of this.#keys(list)) joinKey(key)
    const { partial, ...each } = options
    const { signal } = options
    checkSignal(signal)?.throwIfAborted()
    const isPartial = partialFlag(partial)
    return settleAll(
      list.map((params) => this.#get(params, each)),
      { call: this.template, done: 'loaded', isPartial, signal },
    )
  }

  async has(params: KeyParams<Template>): Promise<boolean> {
    return this.#cache.has(this.key(params))
  }

  async set(params: KeyParams<Template>, value: Stored, options: WriteCallOptions = {}): Promise<unknown> {
    const writes = this.#writes
    if (writes === undefined) {
      const key = this.key(params)
      await this.#checkValue(value, key)
      return this.#cache.set(key, value, this.#setOptionsOf(key, options))
    }
    const { signal, ...each } = options
    return writes.set(await this.#change(params, value, each), signal)
  }

  async setMany(
    entries: readonly (readonly [params: KeyParams<Template>, value: Stored])[],
    options: WriteCallOptions & { readonly partial?: boolean } = {},
  ): Promise<unknown> {
    this.#checkList(entries)
    const writes = this.#writes
    if (writes !== undefined) {
      const { signal, partial, ...each } = options
      const changes: ResourceChange[] = []
      for (const [params, value] of entries) changes.push(await this.#change(params, value, each))
      return writes.setMany(changes, partialFlag(partial), signal)
    }
    const keyed = entries.map(([params, value]) => [this.key(params), value] as const)
    for (const [key, value] of keyed) await this.#checkValue(value, key)
    if (this.#tagsOf === undefined) return this.#cache.setMany(keyed, { ...this.#setOptions, ...options })
    await Promise.all(keyed.map(([key, value]) => this.#cache.set(key, value, this.#setOptionsOf(key, options))))
  }

  async remove(params: KeyParams<Template>, options: { readonly signal?: AbortSignal } = {}): Promise<WriteOutcome> {
    checkOptionNames(options, ['signal'], this.template)
    const key = this.key(params)
    if (this.#writes === undefined) throw new UsageError('TIERCEL_UNSUPPORTED', `${this.template}: it was declared without write.`)
    return this.#writes.remove({ key, params: readTemplate(this.#template, key), value: undefined, options: undefined }, options.signal)
  }

  async mutate<R>(params: KeyParams<Template>, change: () => R | Promise<R>, options?: MutateOptions): Promise<MutateResult<R>> {
    return this.#cache.mutate(this.key(params), change, options)
  }

  async delete(params: KeyParams<Template>): Promise<InvalidationOutcome> {
    return this.#cache.delete(this.key(params))
  }

  async expire(params: KeyParams<Template>): Promise<InvalidationOutcome> {
    return this.#cache.expire(this.key(params))
  }

  async deleteMany(list: readonly KeyParams<Template>[]): Promise<InvalidationOutcome> {
    return this.#cache.deleteMany(this.#keys(list))
  }

  #get(params: KeyParams<Template>, own: ResourceGetOptions | undefined): Promise<T> {
    const key = this.key(params)
    const tags = this.#tagsOption(key)
    const options = own === undefined && tags === undefined ? this.#options : { ...this.#options, ...tags, ...own }
    const terms = this.#terms
    if (terms !== undefined) {
      const takePlace = () => this.#place(this.#batchOfTurn(terms).add(readTemplate(this.#template, key)))
      return this.#cache.getOrSetAt(takePlace, key, options) as Promise<T>
    }
    const load = (context: LoadContext): unknown => (this.#load as Load)(readTemplate(this.#template, key), context)
    const loader = this.#pending === undefined ? load : this.#place({ load: async (context) => load(context), pass: () => {} }).load
    return this.#cache.getOrSet(key, loader, options as GetOrSetOptions) as Promise<T>
  }

  #place(place: BatchPlace): BatchPlace {
    return this.#pending === undefined ? place : pendingFirst(this.#pending, place)
  }

  /** Checked as far as its value goes, before anything is touched. */
  async #change(params: KeyParams<Template>, value: Stored, options: SetOptions): Promise<ResourceChange> {
    const key = this.key(params)
    await this.#checkValue(value, key)
    return { key, params: readTemplate(this.#template, key), value, options: this.#setOptionsOf(key, options) }
  }

  #setOptionsOf(key: readonly KeyPart[], options: SetOptions): SetOptions {
    return { ...this.#setOptions, ...this.#tagsOption(key), ...options }
  }

  async #checkValue(value: unknown, key: readonly KeyPart[]): Promise<void> {
    const verdict = this.#check && (await validate(this.#check.schema, value))
    if (verdict?.isValid === false) throw mismatch('set', verdict.where, joinKey(key))
  }

  /** Where tags come from values. */
  #tagsOption(key: readonly KeyPart[]): { tags: (value: unknown) => readonly Tag[] } | undefined {
    const tagsOf = this.#tagsOf
    return tagsOf && { tags: (value) => tagsOf(value, readTemplate(this.#template, key)) }
  }

  #batchOfTurn(terms: BatchTerms<Params>): LoadBatch<Params> {
    if (this.#openBatch !== undefined) return this.#openBatch
    const batch = new LoadBatch(terms)
    this.#openBatch = batch
    const close = (): void => {
      this.#openBatch = undefined
      batch.close()
    }
    // After the continuations of this turn, also when it is none itself: they may ask for more.
    queueMicrotask(() => process.nextTick(close))
    return batch
  }

  #keys(list: readonly KeyParams<Template>[]): readonly (readonly KeyPart[])[] {
    this.#checkList(list)
    return list.map((params) => this.key(params))
  }

  #checkList(list: readonly unknown[]): void {
    if (Array.isArray(list)) return
    throw new UsageError('TIERCEL_INVALID_OPTION', `${this.template}: an array is needed, one item per key, not ${show(list)}.`)
  }
}

/** `load` for a batch of one: it may be the cheaper query. */
function orSingle(loadMany: BatchLoader<Params, unknown>, load: Load): BatchLoader<Params, unknown> {
  return async (items, context) => {
    const [params] = items
    const [single] = context.entries
    return items.length === 1 && params && single ? [await load(params, single)] : loadMany(items, context)
  }
}

/** What a key of a Map stands for: parameters, or the only one. */
function asParams({ names, text }: KeyTemplate, mapKey: unknown): Params {
  if (typeof mapKey === 'object' && mapKey !== null) return mapKey as Params
  const [name] = names
  if (name !== undefined && names.length === 1) return { [name]: mapKey as KeyParam }
  throw new UsageError(
    'TIERCEL_INVALID_BATCH',
    `${text}: loadMany returned a Map with the key ${show(mapKey)}. With several parameters its keys are objects: { ${names.join(', ')} }.`,
  )
}
