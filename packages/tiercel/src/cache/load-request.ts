import type { ValueCheck } from '../codecs/schema.ts'
import type { Entry } from './entry.ts'
import type { Loader } from './loader.ts'
import type { Policy } from './policy.ts'
import type { Scope } from './scope.ts'

/** What is to be loaded, and how. */
export interface LoadRequest {
  readonly scope: Scope
  readonly path: string
  readonly load: Loader<unknown>
  readonly policy: Policy
  /** Nothing older than this call will do. */
  readonly isForced: boolean
  /** What L1 has and may not serve any more without asking. */
  readonly doubted: Entry | undefined
  /** Encoded names of the tags that it gets, as far as they are known before the load. */
  readonly tags: readonly string[]
  /** What names the others, given the value. */
  readonly lateTags: ((value: unknown) => readonly string[]) | undefined
  /** Nothing that was known here before this call will do, but no load is asked for either. */
  readonly isExact: boolean
  /** What L1 has and what made somebody look: stale, or near its end. */
  readonly known: Entry | undefined
  /** What the value must satisfy. */
  readonly check: ValueCheck | undefined
  /** Whether a loader of this cache asks for it. */
  readonly isInLoad: boolean
  /** Whether L2 has just been asked in vain for this very call, which pays for that once. */
  readonly isL2Away?: boolean
  /** Told when it does not load now, but waits for another process that does. */
  readonly onWait?: (() => void) | undefined
}
