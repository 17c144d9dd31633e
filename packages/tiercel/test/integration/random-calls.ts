import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@tiercel/workloads'
import type { Cache, GetOrSetOptions } from '../../src/index.ts'
import type { VersionedSource, Versions } from './versioned-source.ts'

export interface CallPlan {
  /** One per process. */
  readonly caches: readonly Cache[]
  readonly source: VersionedSource
  readonly keys: number
  readonly tags: number
  readonly operations: number
  /** Calls under way at the same time. */
  readonly lanes: number
  /** How long the changes of others may go unnoticed. */
  readonly boundMs: number
  /** The same for exact reads. Default: 0. */
  readonly exactBoundMs?: number
  /** Whether the namespace is cleared now and then, which hides what is wrong with single keys and tags. Default: true. */
  readonly clears?: boolean
  readonly random: Random
  readonly life: Pick<GetOrSetOptions, 'ttl'>
  /** Beside each call. */
  readonly beside?: () => Promise<unknown>
  /** Ends it early. */
  readonly isOver?: () => boolean
}

export interface CallReport {
  /** Values that should not have been served, and why. */
  readonly stale: readonly string[]
  /** How many reads were answered, and by how many loads. */
  readonly reads: number
  readonly loads: number
  readonly changes: number
  /** Of calls that failed, by code. */
  readonly errors: Readonly<Record<string, number>>
}

export const keyName = (key: number): string => `k${key}`
export const tagName = (tag: number): string => `t${tag}`

/** One to five. */
export function tagsOf(key: number, tags: number): string[] {
  const count = 1 + (key % 5)
  return [...new Set(Array.from({ length: count }, (_, at) => tagName((key * 7 + at * at * 13 + at) % tags)))]
}

/** Everything a value depends on: a `clear` changes all. */
export function namesOf(key: number, tags: number): string[] {
  return ['all', keyName(key), ...tagsOf(key, tags)]
}

/** Reads every key in every process, exactly: what a value has not seen of what was invalidated by anybody. */
export async function readAll({ caches, source, keys, tags, life }: CallPlan): Promise<string[]> {
  const stale: string[] = []
  const read = async (cache: Cache, key: number): Promise<void> => {
    const options = { ...life, exact: true, tags: tagsOf(key, tags) }
    const value = await cache.getOrSet(keyName(key), () => source.read(namesOf(key, tags)), options)
    const outdated = source.outdated(value)
    if (outdated.length > 0) stale.push(`${keyName(key)} in process ${caches.indexOf(cache)}: ${outdated.join(' ')}`)
  }
  for (const cache of caches) await Promise.all(Array.from({ length: keys }, (_, key) => read(cache, key)))
  return stale
}

/** Random calls on several caches over one source; every value that is served is judged. */
export async function randomCalls(plan: CallPlan): Promise<CallReport> {
  const { caches, source, keys, tags, operations, lanes, boundMs, exactBoundMs = 0, clears = true, random, life, beside, isOver } = plan
  const stale: string[] = []
  const errors: Record<string, number> = {}
  let left = operations
  let reads = 0
  let loads = 0
  let changes = 0

  const load = async (key: number): Promise<Versions> => {
    loads += 1
    const value = source.read(namesOf(key, tags))
    await sleep(random.integer(4))
    return value
  }
  const pickKey = (): number => (random.next() < 0.7 ? random.integer(Math.max(1, keys >> 6)) : random.integer(keys))
  /** Half of the keys are told their tags by their value. */
  const optionsOf = (key: number, isExact: boolean): GetOrSetOptions<Versions> => {
    const names = tagsOf(key, tags)
    return { ...life, exact: isExact, tags: key % 2 === 0 ? names : () => names }
  }
  const judge = (cache: Cache, how: string, value: Versions | undefined, sentAtMs: number, isExact: boolean): void => {
    reads += 1
    const missed = value === undefined ? [] : source.missed(value, cache, sentAtMs, isExact ? exactBoundMs : boundMs)
    if (missed.length > 0) stale.push(`${how}${isExact ? ' exact' : ''} in process ${caches.indexOf(cache)}: ${missed.join(' ')}`)
  }
  const read = async (cache: Cache): Promise<void> => {
    const isExact = random.next() < 0.3
    const how = random.next()
    const sentAtMs = performance.now()
    const key = pickKey()
    if (how < 0.7)
      return judge(cache, 'getOrSet', await cache.getOrSet(keyName(key), () => load(key), optionsOf(key, isExact)), sentAtMs, isExact)
    if (how < 0.85) return judge(cache, 'get', await cache.get<Versions>(keyName(key), { exact: isExact }), sentAtMs, isExact)
    const several = Array.from({ length: 8 }, pickKey)
    for (const value of await cache.getMany<Versions>(several.map(keyName))) judge(cache, 'getMany', value, sentAtMs, false)
  }
  const change = async (cache: Cache): Promise<void> => {
    changes += 1
    const how = random.integer(clears ? 100 : 98)
    const key = pickKey()
    const name = keyName(key)
    const tag = tagName(random.integer(tags))
    if (how < 30) return source.change(cache, [name], () => cache.delete(name))
    if (how < 55) return source.change(cache, [tag], () => cache.invalidateTag(tag))
    if (how < 65) return source.change(cache, [tag], () => cache.expireTag(tag))
    if (how < 75) return source.change(cache, [name], () => cache.expire(name))
    if (how < 85) return mutate(cache, [name], () => cache.mutate(name, () => sleep(2)))
    if (how < 98) return mutate(cache, [tag, name], () => cache.mutate({ keys: [name], tags: [tag] }, () => sleep(2)))
    return source.change(cache, ['all'], () => cache.clear())
  }
  const mutate = (cache: Cache, names: readonly string[], call: () => ReturnType<Cache['mutate']>): Promise<void> =>
    source.change(cache, names, async () => (await call()).outcome)

  const lane = async (): Promise<void> => {
    while (left > 0 && isOver?.() !== true) {
      left -= 1
      const cache = caches[random.integer(caches.length)] as Cache
      const besides = beside?.()
      await (random.next() < 0.2 ? change(cache) : read(cache)).catch((error: { code?: string; reply?: string }) => {
        const code = [error.code, error.reply].filter((part) => part !== undefined).join(' ') || String(error)
        errors[code] = (errors[code] ?? 0) + 1
      })
      await besides
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { stale, reads, loads, changes, errors }
}
