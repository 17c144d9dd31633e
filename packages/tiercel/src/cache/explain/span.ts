const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/** A length of time for people: two digits or three, one unit. */
export function span(ms: number): string {
  for (const [unitMs, name] of units) {
    if (ms >= unitMs) return `${Number((ms / unitMs).toPrecision(3))} ${name}`
  }
  return `${Math.round(ms)} ms`
}
