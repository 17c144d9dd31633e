import type { Item } from './subject.ts'

/** What is invalidated by tag: a cache of two tiers, or the commands one writes instead. */
export type OpenTagged = (setup: TaggedSetup) => Promise<TaggedCache>

export interface TaggedSetup {
  readonly url: string
  /** Begins every key on the server, or stands in it. */
  readonly prefix: string
  readonly load: (key: string) => Promise<Item>
}

export interface TaggedCache {
  /** Whether an invalidation deletes the entries themselves, so that there is one to be measured, not several. */
  readonly deletesEntries: boolean
  write(key: string, value: Item, tags: readonly string[]): Promise<unknown>
  read(key: string, tags: readonly string[]): Promise<Item>
  invalidate(tag: string): Promise<unknown>
  close(): Promise<void>
}
