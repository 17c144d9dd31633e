export type ApproachId = 'pub-sub' | 'tracking' | 'lease'

/** What is cached: the row of a flight, with the number of changes it has seen. */
export interface Row {
  readonly flightno: string
  readonly gate: string
  readonly version: number
}

/** What a process is to do. */
export interface Assignment {
  readonly role: 'writer' | 'reader'
  readonly approaches: readonly ApproachId[]
  /** Of the server itself, or of what stands between it and this process. */
  readonly valkeyUrl: string
  readonly namespace: string
  readonly ttlMs: number
  readonly maxStalenessMs: number
  readonly readEveryMs: number
}

/** What a process is told. */
export type Order =
  | { readonly kind: 'open'; readonly assignment: Assignment }
  | { readonly kind: 'read' }
  | { readonly kind: 'update' }
  | { readonly kind: 'answer'; readonly request: number; readonly row: Row }
  | { readonly kind: 'refuse'; readonly request: number; readonly message: string }
  | { readonly kind: 'stop' }

/** What a process tells. */
export type Report =
  | { readonly kind: 'up' }
  | { readonly kind: 'opened' }
  /** The database is asked by the lab, on behalf of this process, so that what it commits and when is known. */
  | { readonly kind: 'ask'; readonly request: number; readonly approach: ApproachId; readonly what: 'load' | 'change' }
  | { readonly kind: 'reads'; readonly reads: readonly Read[] }
  /** A change has been made and told, in all lanes. */
  | { readonly kind: 'updated' }
  | { readonly kind: 'trouble'; readonly approach: ApproachId; readonly message: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'broken'; readonly message: string }

export interface Read {
  readonly approach: ApproachId
  readonly askedAtMs: number
  readonly answeredAtMs: number
  /** Where the answer came from. */
  readonly from: 'l1' | 'l2' | 'source' | 'error'
  /** -1 for a failure. */
  readonly version: number
}
