import type { StoreManyResult } from '../../sources/source.ts'

/** What became of one: `undefined` it is committed; else what was wrong, and whether it was tried by itself. */
export type StoreFailure = { readonly error: unknown; readonly wasAlone: boolean } | undefined

/**
 * Stores a batch in one call, and finds the writes at fault when it is refused as a whole: by halves, so that one among a hundred costs fourteen calls.
 * When so many calls fail one after the other that one bad write cannot be the reason, the rest is not tried: the source is away, and not to be asked a hundred times whether it still is.
 *
 * @param writes in an order left to chance, so that two bad ones that met do not meet again
 */
export async function storeTogether<W>(
  writes: readonly W[],
  store: (writes: readonly W[]) => Promise<StoreManyResult>,
): Promise<readonly StoreFailure[]> {
  const results: StoreFailure[] = new Array(writes.length)
  const mostFailures = Math.ceil(Math.log2(Math.max(writes.length, 1))) + 2
  let failuresInARow = 0

  async function storeRange(from: number, to: number, known: unknown): Promise<void> {
    if (failuresInARow >= mostFailures) return fill(from, to, known, false)
    try {
      take(from, to, await store(writes.slice(from, to)))
      failuresInARow = 0
    } catch (error) {
      failuresInARow += 1
      if (to - from === 1) return fill(from, to, error, true)
      const middle = Math.ceil((from + to) / 2)
      await storeRange(from, middle, error)
      await storeRange(middle, to, error)
    }
  }

  function take(from: number, to: number, told: StoreManyResult): void {
    for (let at = from; at < to; at += 1) {
      const error = told?.[at - from]
      results[at] = error === undefined ? undefined : { error, wasAlone: true }
    }
  }

  function fill(from: number, to: number, error: unknown, wasAlone: boolean): void {
    for (let at = from; at < to; at += 1) results[at] = { error, wasAlone }
  }

  if (writes.length > 0) await storeRange(0, writes.length, undefined)
  return results
}
