import type { ValueFormat } from '../codecs/format.ts'
import type { ValueSharing } from '../codecs/holding.ts'
import type { Changes } from '../coherence/changes.ts'
import type { Journal } from '../coherence/journal.ts'
import type { Proof } from '../coherence/proof.ts'
import type { Clock } from '../kernel/clock.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Bulkhead } from '../resilience/bulkhead.ts'
import type { StartDeadline } from '../resilience/deadline.ts'
import type { Arena } from '../stores/memory/arena.ts'
import type { Store } from '../stores/store.ts'
import type { Emitter } from '../telemetry/emitter.ts'
import type { Counters } from '../telemetry/stats.ts'
import type { LeaseReturns } from './lease-returns.ts'
import type { Policy } from './policy.ts'

/** What all namespaces of a cache have in common. */
export interface Core {
  readonly l1: Arena | undefined
  readonly l2: Store | undefined
  /** How this process hears of changes by others. */
  readonly changes: Changes | undefined
  readonly proof: Proof
  /** What this process invalidated lately. */
  readonly journal: Journal | undefined
  /** Gives back what this process holds and does not use. */
  readonly leases: LeaseReturns | undefined
  /** How much longer than the bound L1 is served when L2 cannot be asked. */
  readonly serveStaleForMs: number
  readonly format: ValueFormat
  readonly policy: Policy
  /** How long a lease is taken for: what a process that dies while it loads keeps others waiting. */
  readonly leaseMs: number
  readonly sharing: ValueSharing
  readonly counters: Counters
  readonly emitter: Emitter
  /** How old at most a value may be that is read from L2 without `exact`, in ms. */
  readonly readLagMs: number
  /** Monotonic, coarse: for ages in L1. */
  readonly nowMs: () => number
  readonly clock: Clock
  readonly startDeadline: StartDeadline
  /** The clock that deadlines go by: it goes on where a test's own stands still. */
  readonly deadlineNowMs: () => number
  /** 0 to 1. */
  readonly random: () => number
  readonly background: Background
  /** How many loaders run at a time, where that is limited. */
  readonly loads: Bulkhead | undefined
  isClosed: boolean
  /** Its end, once that has begun. */
  closing: Promise<void> | undefined
  /** Whether what the server says of a key, asked for at `sentAtMs`, may be from before an invalidation that this process could not tell it at once. */
  isQueued(storedKey: string, sentAtMs: number): boolean
}

/** Work that goes on after its caller has his answer. Counted, so that it can be waited for. */
export class Background {
  readonly #waitUntil: ((work: Promise<unknown>) => void) | undefined
  #pending = 0
  #waiting: (() => void)[] = []

  /** @param waitUntil handed a promise for all that is under way, whenever something begins */
  constructor(waitUntil: ((work: Promise<unknown>) => void) | undefined) {
    this.#waitUntil = waitUntil
  }

  begin(): void {
    this.#pending += 1
    if (this.#waitUntil !== undefined) this.#waitUntil(this.idle())
  }

  end(): void {
    this.#pending -= 1
    if (this.#pending > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#pending > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** @throws {TIERCEL_CLOSED} */
export function checkOpen(core: Core): void {
  if (core.isClosed) throw new UsageError('TIERCEL_CLOSED', 'The cache was closed. Create a new one to go on.')
}

export function reportStoreFailure(core: Core, namespace: string, operation: 'read' | 'write' | 'delete', error: unknown): void {
  core.counters.storeErrors += 1
  if (core.emitter.isHeard) core.emitter.emit({ type: 'store.failed', namespace, operation, error })
}
