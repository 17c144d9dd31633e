/** What a cache has to have for a replay: a `Map`, `lru-cache` and Tiercel's own have it. */
export interface Replayed {
  readonly size: number
  get(key: string): unknown
  set(key: string, value: number): unknown
}

/** Percent of the requests that were hits: read through, cold start included. */
export function hitRatio(keys: readonly string[], cache: Replayed): number {
  let hits = 0
  keys.forEach((key, index) => {
    if (cache.get(key) !== undefined) hits += 1
    else cache.set(key, index)
  })
  return (hits / keys.length) * 100
}
