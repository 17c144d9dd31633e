import { randomBytes } from 'node:crypto'
import type { FenceOutcome, FenceStep, Snapshot, Store } from '../../stores/store.ts'
import { bytes } from './contract-case.ts'

/** A store to be checked, with the words of its cases. */
export interface StoreContext {
  readonly store: Store
  /** What all keys of the case begin with, but for those of tags. */
  readonly prefix: string
  /** One more store of the same kind. The case closes it. */
  another(): Promise<Store>
  newKey(): string
  put(key: string, text: string, ttlMs?: number): Promise<unknown>
  text(key: string): Promise<string | undefined>
  newOwner(): Buffer
  openFence(key: string, by?: Buffer, forMs?: number): Promise<unknown>
  closeFence(key: string, by?: Buffer, more?: Partial<FenceStep>): Promise<FenceOutcome | undefined>
  /** What keys of one slot begin with. */
  readonly slot: string
  newTags(count?: number): { readonly counter: string; readonly tags: string[] }
  snap(counter: string, keys: readonly string[], lifeMs?: number): Promise<Snapshot>
  bump(counter: string, keys: readonly string[]): Promise<unknown>
}

const ttlMs = 60_000

export function storeContext(store: Store, another: () => Promise<Store>): StoreContext {
  const prefix = `tc1:conformance:${randomBytes(6).toString('hex')}:`
  const slot = `{${prefix}}`
  let keys = 0
  let groups = 0
  return {
    store,
    prefix,
    another,
    newKey() {
      keys += 1
      return `${prefix}${keys}`
    },
    put: (key, text, forMs = ttlMs) => store.setMany([{ key, value: bytes(text), ttlMs: forMs }]),
    text: async (key) => (await store.get(key))?.toString(),
    newOwner: () => randomBytes(12),
    openFence: (key, by = randomBytes(12), forMs = ttlMs) => store.fence({ keys: [key], op: 'open', owner: by, forMs, ttlMs }),
    closeFence: async (key, by, more = {}) => (await store.fence({ keys: [key], op: 'close', owner: by, forMs: 0, ttlMs, ...more }))[0],
    slot,
    newTags(count = 1) {
      groups += 1
      return { counter: `${slot}n${groups}`, tags: Array.from({ length: count }, (_, at) => `${slot}t${groups}:${at}`) }
    },
    snap: (counter, tags, lifeMs = ttlMs) => store.snap({ counter, tags: tags.map((key) => ({ key, lifeMs })) }),
    bump: (counter, tags) => store.fence({ keys: tags, counter, op: 'close', forMs: 0, ttlMs }),
  }
}
