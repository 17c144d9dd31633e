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
import type { BatchLoader } from './loader.ts'
import type { MutateOptions, MutateResult } from './mutate.ts'
import type { GetOrSetOptions, SetOptions } from './options.ts'
import { setOptionNames } from './policy.ts'
import type { Resource, ResourceGetOptions, ResourceLoader } from './resource.ts'
import type { Tag } from './tag-names.ts'
import { mismatch } from './value-checks.ts'

/** A cache that can load in batches. */
export interface BatchingCache extends Cache {
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
  /** How long values live. */
  readonly options: GetOrSetOptions
  readonly bounds: BatchBounds
}

const getOptionNames = ['signal', 'forceFresh']

/** The public face of a resource, all of it on the verbs of its cache. */
export class DeclaredResource<Template extends string, T, Stored> implements Resource<Template, T, Stored> {
  readonly template: Template
  readonly #cache: BatchingCache
  readonly #template: KeyTemplate
  readonly #load: Load | undefined
  readonly #terms: BatchTerms<Params> | undefined
  readonly #check: ValueCheck | undefined
  readonly #options: CallOptions
  readonly #setOptions: SetOptions
  readonly #tagsOf: ((value: unknown, params: Params) => readonly Tag[]) | undefined
  /** Takes the keys that are asked for in this turn of the event loop. */
  #openBatch: LoadBatch<Params> | undefined

  constructor(cache: BatchingCache, { template, load, loadMany, tags, check, options, bounds }: Declaration) {
    this.template = template.text as Template
    this.#cache = cache
    this.#template = template
    this.#check = check
    this.#options = { ...options, ...(Array.isArray(tags) ? { tags } : {}), ...check }
    this.#tagsOf = typeof tags === 'function' ? tags : undefined
    this.#setOptions = Object.fromEntries(Object.entries(this.#options).filter(([name]) => setOptionNames.includes(name)))
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
      { call: this.template, isPartial, signal },
    )
  }

  async has(params: KeyParams<Template>): Promise<boolean> {
    return this.#cache.has(this.key(params))
  }

  async set(params: KeyParams<Template>, value: Stored, options?: SetOptions): Promise<void> {
    const key = this.key(params)
    await this.#checkValue(value, key)
    await this.#cache.set(key, value, { ...this.#setOptions, ...this.#tagsOption(key), ...options })
  }

  async setMany(entries: readonly (readonly [params: KeyParams<Template>, value: Stored])[], options?: SetOptions): Promise<void> {
    this.#checkList(entries)
    const keyed = entries.map(([params, value]) => [this.key(params), value] as const)
    for (const [key, value] of keyed) await this.#checkValue(value, key)
    if (this.#tagsOf === undefined) return this.#cache.setMany(keyed, { ...this.#setOptions, ...options })
    await Promise.all(
      keyed.map(([key, value]) => this.#cache.set(key, value, { ...this.#setOptions, ...this.#tagsOption(key), ...options })),
    )
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
      return this.#cache.getOrSetAt(() => this.#batchOfTurn(terms).add(readTemplate(this.#template, key)), key, options) as Promise<T>
    }
    return this.#cache.getOrSet(
      key,
      (context) => (this.#load as Load)(readTemplate(this.#template, key), context),
      options as GetOrSetOptions,
    ) as Promise<T>
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
