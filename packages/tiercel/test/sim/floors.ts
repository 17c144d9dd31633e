import type { Versions } from './source.ts'

/** What has been invalidated, register by register, and since when. */
export class Floors {
  readonly #raised: { readonly atMs: number; readonly versions: Versions }[] = []

  raise(versions: Versions, atMs: number): void {
    this.#raised.push({ atMs, versions })
  }

  now(): Versions {
    return this.at(Number.POSITIVE_INFINITY)
  }

  /** As it was at `atMs`. */
  at(atMs: number): Versions {
    const floors: Record<string, number> = {}
    for (const raised of this.#raised) {
      if (raised.atMs > atMs) continue
      for (const [register, version] of Object.entries(raised.versions)) floors[register] = Math.max(floors[register] ?? 0, version)
    }
    return floors
  }
}
