import { type AnySchemaOptions, valueCheck } from '../codecs/schema.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { BatchError, UsageError } from '../kernel/errors.ts'
import { checkOptionNames, checkSignal, wholeNumber } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { Core } from './core.ts'
import type { BatchBounds } from './load-batch.ts'
import type { GetOrSetManyOptions, GetOrSetOptions } from './options.ts'
import { callPolicy, getOrSetOptionNames } from './policy.ts'
import { checkTags } from './tag-names.ts'

export const batchOptionNames: readonly string[] = ['batchSize', 'batchWindow']
const maxWindowMs = 60_000

/** @throws {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} */
export function batchBounds(batchSize: number | undefined, batchWindow: Duration | undefined): BatchBounds {
  return {
    maxKeys: batchSize === undefined ? 1_000 : wholeNumber(batchSize, 1, 100_000, 'batchSize'),
    windowMs: batchWindow === undefined ? 5 : durationMs(batchWindow, 'batchWindow', maxWindowMs),
  }
}

/** What has been checked of the options of one `getOrSetMany`. */
export interface ManyOptions {
  readonly isPartial: boolean
  readonly bounds: BatchBounds
  /** Those of each key. */
  readonly each: GetOrSetOptions
}

/**
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_INVALID_KEY} {TIERCEL_UNSUPPORTED}
 * @throws the signal's reason, when it has fired
 */
export function checkManyOptions(
  { policy, format }: Pick<Core, 'policy' | 'format'>,
  options: GetOrSetManyOptions & AnySchemaOptions,
): ManyOptions {
  checkOptionNames(options, [...getOrSetOptionNames, ...batchOptionNames, 'partial'], 'getOrSetMany')
  const { partial, batchSize, batchWindow, ...each } = options
  callPolicy(policy, each, getOrSetOptionNames, 'getOrSetMany')
  checkTags(each.tags, 'getOrSetMany', format)
  valueCheck(each)
  checkSignal(each.signal)?.throwIfAborted()
  return { isPartial: partialFlag(partial), bounds: batchBounds(batchSize, batchWindow), each }
}

/** How a call for several keys ends. */
export interface SettleOptions {
  readonly call: string
  readonly done: 'loaded' | 'written'
  readonly isPartial: boolean
  readonly signal: AbortSignal | undefined
}

/** @throws {TIERCEL_INVALID_OPTION} */
export function partialFlag(given: boolean | undefined): boolean {
  if (given === undefined || typeof given === 'boolean') return given === true
  throw new UsageError('TIERCEL_INVALID_OPTION', `partial: ${show(given)} is not allowed. Allowed: true, false.`)
}

/**
 * The results of several keys, once all are there.
 *
 * @throws {TIERCEL_BATCH_FAILED} some failed, and partial results were not asked for
 * @throws the signal's reason, when the caller left
 */
export async function settleAll<T>(values: readonly Promise<T>[], options: SettleOptions): Promise<T[] | PromiseSettledResult<T>[]> {
  if (!options.isPartial) {
    try {
      return await Promise.all(values)
    } catch {
      // Some failed. Which, and what became of the others, is known once all have settled.
    }
  }
  return endOf(await Promise.allSettled(values), options)
}

/** As `settleAll`, of results that are there. */
export function endOf<T>(results: PromiseSettledResult<T>[], options: SettleOptions): T[] | PromiseSettledResult<T>[] {
  const failed = results.filter((result) => result.status === 'rejected')
  const first = failed[0]
  const { signal } = options
  if (signal?.aborted === true && failed.some(({ reason }) => reason === signal.reason)) throw signal.reason
  if (options.isPartial) return results
  if (first === undefined) return results.map((result) => (result as PromiseFulfilledResult<T>).value)
  const message = `${options.call}: ${failed.length} of ${results.length} keys could not be ${options.done}; the first: ${wordsOf(first.reason)}`
  throw new BatchError(message, results, { operation: options.call, cause: first.reason })
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : show(reason)
}
