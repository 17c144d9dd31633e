import { UsageError } from '../kernel/errors.ts'
import { joinKey, type KeyPart } from '../kernel/key.ts'
import { checkSignal } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { endOf } from './batch-options.ts'
import type { FenceTimes } from './fences.ts'
import type { SetOptions } from './options.ts'
import type { LoggedParams } from './write-log.ts'
import type { Committed, WriteOutcome } from './write-source.ts'
import type { Writer } from './writers.ts'

/** Of a resource that writes: what has been checked of its `write`. */
export interface WriteTerms {
  readonly writer: Writer
  readonly times: FenceTimes
  readonly canRemove: boolean
}

/** A cache that changes the source under its fences. */
export interface WritingCache {
  /** @param commit told the keys of the entries on the server, in the order of `changes` */
  writeSource(
    changes: readonly KeyChange[],
    times: FenceTimes,
    commit: (entryKeys: readonly string[]) => Promise<readonly PromiseSettledResult<Committed>[]>,
  ): Promise<PromiseSettledResult<WriteOutcome>[]>
}

/** One key, to a new value or, where there are no options, away. */
export interface KeyChange {
  readonly key: readonly KeyPart[]
  readonly value: unknown
  readonly options: SetOptions | undefined
}

export interface ResourceChange extends KeyChange {
  readonly params: LoggedParams
}

const never = new AbortController().signal

/** The writing half of a resource. */
export class ResourceWrites {
  readonly #cache: WritingCache
  readonly #call: string
  readonly #terms: WriteTerms

  /** @param call names the resource in messages */
  constructor(cache: WritingCache, call: string, terms: WriteTerms) {
    this.#cache = cache
    this.#call = call
    this.#terms = terms
  }

  async set(change: ResourceChange, signal: AbortSignal | undefined): Promise<WriteOutcome> {
    const [result] = await this.#store([change], signal)
    return valueOf(result as PromiseSettledResult<WriteOutcome>)
  }

  async setMany(changes: readonly ResourceChange[], isPartial: boolean, signal: AbortSignal | undefined): Promise<unknown[]> {
    this.#checkDifferent(changes)
    if (changes.length === 0) return []
    return endOf(await this.#store(changes, signal), { call: this.#call, done: 'written', isPartial, signal: undefined })
  }

  async remove(change: ResourceChange, signal: AbortSignal | undefined): Promise<WriteOutcome> {
    const { writer, times, canRemove } = this.#terms
    if (!canRemove) {
      throw new UsageError('TIERCEL_UNSUPPORTED', `${this.#call}: there is no remove function, neither in write nor in its source.`)
    }
    checkSignal(signal)?.throwIfAborted()
    const [result] = await this.#cache.writeSource([change], times, ([entryKey]) =>
      Promise.allSettled([writer.remove({ params: change.params, entryKey: entryKey as string }, signal ?? never)]),
    )
    return valueOf(result as PromiseSettledResult<WriteOutcome>)
  }

  async #store(changes: readonly ResourceChange[], signal: AbortSignal | undefined): Promise<PromiseSettledResult<WriteOutcome>[]> {
    checkSignal(signal)?.throwIfAborted()
    if (changes.some(({ value }) => value === null)) {
      throw new UsageError('TIERCEL_UNDEFINED_VALUE', `${this.#call}: null cannot be written: it means "there is none". Use remove.`)
    }
    const { writer, times } = this.#terms
    return this.#cache.writeSource(changes, times, (entryKeys) =>
      writer.store(
        changes.map(({ params, value }, at) => ({ params, value, entryKey: entryKeys[at] as string })),
        signal ?? never,
      ),
    )
  }

  /** Two writes of a key in one call have an order that no source is told. */
  #checkDifferent(changes: readonly ResourceChange[]): void {
    const seen = new Set<string>()
    for (const { key } of changes) {
      const path = joinKey(key)
      if (seen.has(path)) {
        throw new UsageError('TIERCEL_INVALID_OPTION', `${this.#call}: the key ${show(path)} is there twice. Allowed: one write per key.`)
      }
      seen.add(path)
    }
  }
}

function valueOf(result: PromiseSettledResult<WriteOutcome>): WriteOutcome {
  if (result.status === 'fulfilled') return result.value
  throw result.reason
}
