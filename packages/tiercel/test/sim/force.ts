import type { Store } from '../../src/stores/store.ts'

/** Puts bytes under a key, or nothing, whatever is there: what no client does, but an eviction or a successor of a server may. */
export async function force(store: Store, key: string, value: Buffer | undefined, ttlMs: number): Promise<void> {
  const present = await store.get(key)
  if (present !== undefined) await store.swap({ key, expected: present, isWhole: true, value, ttlMs })
  else if (value !== undefined) await store.claim({ key, value, ttlMs })
}
