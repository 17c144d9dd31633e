/** Fewer values than this say nothing: one slow first request would be the figure. */
const fewest = 5

/** The upper median; `null` of fewer than five values. */
export function medianOf(values: readonly number[]): number | null {
  return values.length < fewest ? null : ([...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] as number)
}
