export const approachIds = ['naive', 'careful', 'tiercel'] as const

export type ApproachId = (typeof approachIds)[number]

/** What is cached. */
export interface Product {
  readonly id: number
  /** Changes that it has seen. */
  readonly version: number
  /** On the shared clock: when its load ended. */
  readonly loadedAtMs: number
}

/** What a process is to do. */
export interface Assignment {
  readonly approach: ApproachId
  readonly valkeyUrl: string
  readonly namespace: string
  readonly ttlMs: number
  readonly hasL1: boolean
  readonly ratePerSecond: number
  readonly keys: number
  readonly updateEveryMs: number
  readonly loadMs: number
  readonly connections: number
  /** All lanes with the same one ask for the same keys in the same order. */
  readonly seed: number
}

/** What a process is told. */
export type Order = { readonly kind: 'open'; readonly assignment: Assignment } | { readonly kind: 'read' } | { readonly kind: 'stop' }

/** What a process tells. */
export type Report =
  | { readonly kind: 'up' }
  | { readonly kind: 'opened' }
  | { readonly kind: 'done'; readonly reads: readonly Read[]; readonly loads: readonly Load[]; readonly changes: readonly Change[] }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'broken'; readonly message: string }

/** Moments are on the shared clock. */
export interface Read {
  /** When it was due. */
  readonly calledAtMs: number
  readonly answeredAtMs: number
  readonly from: 'l1' | 'l2' | 'joined' | 'source' | 'error'
  /** For how long its answer had been replaced when it was called; 0: it was the newest. */
  readonly outdatedMs: number
}

export interface Load {
  readonly startMs: number
  readonly endMs: number
}

/** The source has changed, and the cache was told, or not. */
export interface Change {
  readonly atMs: number
  readonly error?: string
}
