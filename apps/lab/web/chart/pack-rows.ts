/** Which row each of some spans goes to, so that none lies over another: the first that is free again. Spans begin in order. */
export function packRows(spans: readonly { readonly startMs: number; readonly endMs: number }[]): readonly number[] {
  const busyUntilMs: number[] = []
  return spans.map(({ startMs, endMs }) => {
    const free = busyUntilMs.findIndex((untilMs) => untilMs <= startMs)
    const row = free === -1 ? busyUntilMs.length : free
    busyUntilMs[row] = endMs
    return row
  })
}
