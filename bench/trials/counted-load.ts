import type { CacheSetup, Item } from '../subjects/subject.ts'

/** A loader that has `items[n]` for `keys[n]`, at once, and counts its calls: where hits are measured there must be none. */
export class CountedLoad {
  count = 0
  readonly load: CacheSetup['load']

  constructor(keys: readonly string[], items: readonly Item[]) {
    const ids = new Map(keys.map((key, id) => [key, id]))
    this.load = async (key) => {
      this.count++
      return items[ids.get(key) as number] as Item
    }
  }

  /** @throws when it was called */
  assertUnused(): void {
    if (this.count > 0) throw new Error(`${this.count} of the reads were no hits`)
  }
}
