export interface BackoffSettings {
  /** The first wait. */
  readonly firstMs: number
  readonly mostMs: number
}

/**
 * How long to wait after so many failures: twice as long each time, from half of that to all of it at random, so that what failed together does not come again
 * together.
 *
 * @param failures 1 or more
 * @param random 0 to 1
 */
export function backoffMs({ firstMs, mostMs }: BackoffSettings, failures: number, random: number): number {
  const wholeMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return wholeMs * (0.5 + random / 2)
}
