import { EarliestEnd } from './earliest-end.ts'
import type { Invalidation } from './history.ts'

export type TagsOf = (key: string) => readonly string[]

/** When the cache had been told that a key's source changed. */
export class Announcements {
  readonly #byScope: Map<string, EarliestEnd<Invalidation>> = new Map()
  readonly #tagsOf: TagsOf

  constructor(invalidations: Iterable<Invalidation>, tagsOf: TagsOf) {
    this.#tagsOf = tagsOf
    const groups = new Map<string, Invalidation[]>()
    for (const invalidation of invalidations) {
      for (const scope of scopesOf(invalidation)) {
        const group = groups.get(scope)
        if (group === undefined) groups.set(scope, [invalidation])
        else group.push(invalidation)
      }
    }
    for (const [scope, group] of groups) this.#byScope.set(scope, new EarliestEnd(group, ({ startMs }) => startMs))
  }

  /** The first to end of those that cover the key and began at `sinceMs` or later. */
  first(key: string, sinceMs: number): Invalidation | undefined {
    let first = this.#byScope.get(everything)?.from(sinceMs)
    for (const scope of [keyScope(key), ...this.#tagsOf(key).map(tagScope)]) {
      const found = this.#byScope.get(scope)?.from(sinceMs)
      if (found !== undefined && (first === undefined || found.endMs < first.endMs)) first = found
    }
    return first
  }
}

const everything = ''
const keyScope = (key: string): string => `k${key}`
const tagScope = (tag: string): string => `t${tag}`

function scopesOf({ keys = [], tags = [], all = false }: Invalidation): string[] {
  return all ? [everything] : [...keys.map(keyScope), ...tags.map(tagScope)]
}
