/**
 * Who leaves when there is no room.
 *
 * An implementer promises:
 *
 * - it knows entries by slot, a small whole number that their keeper chose, and holds each slot from `add` to `remove`;
 * - `victim` names an entry that it holds, never the one that was added last unless that is the only one; its keeper removes it, and
 *   asks again until `isOver` is false;
 * - time plays no part in it: entries that have run out are removed by their keeper before he asks for a victim;
 * - every call does a bounded number of steps, whatever the number of entries.
 *
 * A keeper adds no entry that is larger than `maxBytes` alone.
 */
export interface EvictionPolicy {
  readonly entries: number
  readonly sizeBytes: number
  /** Whether it looks at hashes; else they may be 0. */
  readonly usesHashes: boolean
  /** Whether there is more than is allowed. */
  readonly isOver: boolean
  /** Steps of maintenance so far: for tests of how much one call does. */
  readonly steps: number
  /** Makes room for slots below `capacity`. */
  grow(capacity: number): void
  /** @param hash 32 bits, the same whenever the same key comes back */
  add(slot: number, hash: number, sizeBytes: number): void
  /** The entry was read. */
  hit(slot: number): void
  /** The entry has a new value. */
  replace(slot: number, sizeBytes: number): void
  remove(slot: number): void
  victim(): number
}

/** What may be resident. `Infinity`: no limit. */
export interface Budget {
  readonly maxEntries: number
  readonly maxBytes: number
  /** Whether entries have sizes. Without, every size is 0 and no room is taken for them. */
  readonly isWeighed: boolean
}
