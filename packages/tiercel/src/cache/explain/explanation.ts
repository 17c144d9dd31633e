import type { SharedFailure } from '../../codecs/marks.ts'
import type { ErrorCode } from '../../kernel/error-codes.ts'
import type { RejectReason, Tier } from '../../telemetry/event.ts'

/**
 * Where the entry of a key is, and why a read would serve it or not, as of one moment. Plain data: it can be logged as JSON, where it is as
 * complete, and `describeExplanation` makes text of it. Never the value. Times in ms, tokens and versions in hex.
 */
export interface Explanation {
  readonly namespace: string
  /** The encoded path of the key. */
  readonly key: string
  readonly storedKey: string
  /** What `get` and `getOrSet` without options would do now, and why: one sentence. */
  readonly verdict: string
  /** What `get` would find now; `null`: nothing. */
  readonly serves: Serving | null
  readonly l1: L1Explanation
  readonly l2: L2Explanation
  readonly link: LinkExplanation
  /** Whether this process has invalidated the key and the server could not be told yet: what it holds there counts for nothing here. */
  readonly isQueued: boolean
  /** Whether this process loads it right now. */
  readonly isLoading: boolean
  /** Whether this process changes its source right now, by `mutate`. */
  readonly isChanging: boolean
}

export interface Serving {
  readonly tier: Tier
  /** `stale`: past its ttl, within its grace. */
  readonly age: 'fresh' | 'stale'
}

export type L1Explanation = { readonly kind: 'off' } | { readonly kind: 'nothing' } | L1Value

/** What an entry is, wherever it is. */
export interface ExplainedEntry {
  readonly kind: 'value'
  readonly age: 'fresh' | 'stale' | 'dead'
  /** Of 12 bytes; `null`: it has none, because it is in no L2, or in plain format. */
  readonly version: string | null
  readonly sizeBytes: number
  /** Since it was loaded or set; `null`: not known, as in plain format. */
  readonly ageMs: number | null
  readonly ttlLeftMs: number | null
  /** What comes after the ttl, or is left of it. */
  readonly graceLeftMs: number | null
  /** Its namespace's own first, whose name is empty, and those that it was stored with. */
  readonly tags: readonly ExplainedTag[]
}

export interface L1Value extends ExplainedEntry {
  /** Why it is not served without asking L2; none: it is. */
  readonly doubts: readonly Doubt[]
  /** Since L2 was asked for it, or it was loaded or confirmed. */
  readonly checkedMsAgo: number
  /** How long this process keeps it at most; less than ttl and grace with `l1Ttl`. `null`: for ever. */
  readonly keptForMs: number | null
}

/**
 * `pushed`: the server, or this process itself, told of a change of the key. `tag`: the same of one of its tags, or too little is known of it.
 * `unproven`: nothing proves that a change would have been heard, for longer than `maxStaleness`. `ended`: its time in L1 is over.
 */
export type Doubt = 'pushed' | 'tag' | 'unproven' | 'ended'

export type L2Explanation =
  | { readonly kind: 'off' }
  | { readonly kind: 'nothing' }
  /** It could not be asked. `code` of a `TiercelError`. */
  | { readonly kind: 'away'; readonly code: ErrorCode | null; readonly message: string }
  | L2Value
  | L2Lease
  | L2Fence
  | L2Failure
  | L2Unusable

interface Stored {
  readonly sizeBytes: number
  /** What the server itself says is left; `null`: it does not say, or it never ends. */
  readonly serverTtlMs: number | null
}

export interface L2Value extends ExplainedEntry, Stored {
  readonly content: 'value' | 'null' | 'absent'
  /** Whether it was expired by hand. */
  readonly isMarkedStale: boolean
  readonly loadCostMs: number
  /** The numbers that formats are stored by: codec 1 is JSON, compression 0 is none. */
  readonly codec: number
  readonly compression: number
  /** Whether it is signed or encrypted. */
  readonly isSealed: boolean
}

/** Somebody loads it. */
export interface L2Lease extends Stored {
  readonly kind: 'lease'
  /** What it was taken for; `serverTtlMs` is what is left. */
  readonly lengthMs: number
}

/** Somebody changes its source: nothing may be stored. */
export interface L2Fence extends Stored {
  readonly kind: 'fence'
  /** Whether there have been two at once. */
  readonly isContended: boolean
  readonly owners: readonly FenceOwner[]
}

export interface FenceOwner {
  /** `null`: nobody, but loads from lagging replicas are kept out for a while. */
  readonly owner: string | null
  /** 0: over. */
  readonly leftMs: number
}

/** A load of it failed a moment ago. */
export interface L2Failure extends Stored, SharedFailure {
  readonly kind: 'error'
}

export interface L2Unusable extends Stored {
  readonly kind: 'unusable'
  readonly reason: RejectReason
  /** Where the header could be read. */
  readonly codec: number | null
  readonly compression: number | null
}

/** Both halves of a token: another hard one makes what carries it invalid, another soft one makes it stale. */
export interface TagHalves {
  readonly hard: string
  readonly soft: string
}

export interface ExplainedTag {
  /** Encoded; `''` is the namespace itself. */
  readonly name: string
  readonly storedKey: string
  /** `null`: the server was away when it was loaded. */
  readonly carried: TagHalves | null
  /** What the server has now; `null`: none, or it was not asked or could not be. */
  readonly now: TagHalves | null
  /**
   * What this says of the entry. `same`: valid. `expired`: stale. `other`: invalidated. `missing`: invalidated, and not used since, or lost. `fenced`: what
   * it stands for is being changed. `queued`: this process has invalidated it, and the server could not be told yet. `unknown`: the server was not there.
   */
  readonly state: 'same' | 'expired' | 'other' | 'missing' | 'fenced' | 'queued' | 'unknown'
  /** What this process goes by without asking; `unknown`: it asks. Where this is `same` and `state` is not, it has not heard of the change yet. */
  readonly here: 'same' | 'expired' | 'unknown'
}

/** How this process hears of changes. */
export interface LinkExplanation {
  readonly isUp: boolean
  /** Since when the last answered question was sent; 0 where nothing can be missed, `null`: there was none on this link. */
  readonly provenMsAgo: number | null
  /** `maxStaleness`. */
  readonly boundMs: number
}
