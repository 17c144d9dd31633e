import type { LoadedValue } from '../../measure/outcome-of.ts'
import type { Outcome } from '../outcome.ts'

export type ApproachId = 'naive' | 'flight' | 'lock' | 'lease' | 'xfetch' | 'grace'

/** What is cached: rows of the source, and by whom and when they were loaded. */
export interface Value extends LoadedValue {
  readonly rows: readonly unknown[]
}

/** What a process is to do in one lane. */
export interface Assignment {
  readonly approach: ApproachId
  readonly process: number
  readonly valkeyUrl: string
  readonly namespace: string
  readonly ratePerSecond: number
  readonly ttlMs: number
  readonly graceMs: number
  readonly leaseMs: number
  readonly beta: number
  /** Decides the dice of XFetch. */
  readonly seed: string
}

/** What a process is told. */
export type Order =
  | { readonly kind: 'connect'; readonly assignment: Assignment }
  /** When the first read is due, on the shared clock. */
  | { readonly kind: 'read'; readonly startsAtMs: number }
  | { readonly kind: 'loaded'; readonly request: number; readonly number: number; readonly rows: readonly unknown[] }
  | { readonly kind: 'load-failed'; readonly request: number; readonly message: string }
  | { readonly kind: 'stop' }

/** What a process tells. */
export type Report =
  | { readonly kind: 'up' }
  | { readonly kind: 'connected' }
  /** `replaces`: number of the load of the value that is still there. */
  | { readonly kind: 'load'; readonly request: number; readonly replaces?: number }
  | { readonly kind: 'reads'; readonly reads: readonly Read[] }
  | { readonly kind: 'stopped'; readonly storeErrors: number; readonly lostLeases: number }
  | { readonly kind: 'broken'; readonly message: string }

export interface Read {
  readonly by: number
  readonly calledAtMs: number
  readonly answeredAtMs: number
  readonly outcome: Outcome
  /** When it was answered; `null` for a failure. */
  readonly ageMs: number | null
}
