import type { Product } from '../protocol.ts'

/** One way to put a cache before a source. */
export interface Approach {
  read(id: number, load: () => Promise<Product>): Promise<Product>
  /** `change` has committed when it returns. */
  update(id: number, change: () => void): Promise<void>
  close(): Promise<void>
}

export interface Place {
  readonly url: string
  readonly namespace: string
  readonly ttlMs: number
  readonly hasL1: boolean
}
