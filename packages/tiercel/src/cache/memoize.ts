import { argumentText } from '../kernel/argument-text.ts'
import { UsageError } from '../kernel/errors.ts'
import type { KeyPart } from '../kernel/key.ts'
import type { Cache } from './cache.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import type { MemoizedFunction } from './memoized.ts'
import type { GetOrSetOptions } from './options.ts'

/** What has been checked of a call of `memoize`. */
export interface Memoization<Args extends readonly unknown[], T> {
  readonly fn: (...args: Args) => T | Promise<T>
  readonly name: string
  readonly options: GetOrSetOptions
}

export function memoized<Args extends readonly unknown[], T>(
  cache: Cache,
  { fn, name, options }: Memoization<Args, T>,
): MemoizedFunction<Args, T> {
  const prefix = name.split(':')
  const key = (...args: Args): readonly KeyPart[] => [...prefix, argumentText(args, name)]

  // The function may be called later than this, when L2 has answered: were the arguments changed meanwhile, their result would be stored as that of others.
  const load = (args: Args, text: KeyPart | undefined): T | Promise<T> => {
    if (argumentText(args, name) === text) return fn(...args)
    throw new UsageError('TIERCEL_INVALID_ARGUMENT', `${name}: an argument was changed after the call. Pass a copy of what is changed.`)
  }
  const call = async (...args: Args): Promise<T> => {
    const parts = key(...args)
    return cache.getOrSet(parts, () => load(args, parts.at(-1)), options)
  }
  return Object.assign(call, { key, delete: async (...args: Args): Promise<InvalidationOutcome> => cache.delete(key(...args)) })
}
