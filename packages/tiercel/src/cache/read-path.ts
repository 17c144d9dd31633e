import { type DecodedEntry, prefixBytes } from '../codecs/envelope.ts'
import { decodeFailure, leaseLengthMs } from '../codecs/marks.ts'
import { UsageError } from '../kernel/errors.ts'
import type { RejectReason } from '../telemetry/event.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { Entry } from './entry.ts'
import { away, type Found, fenced, nothing } from './found.ts'
import type { Policy } from './policy.ts'
import type { ReadTicket, Scope, StoredKey } from './scope.ts'

/** Reads L2 and fills L1. All who want the same key at the same time share one read. */
export function readShared(core: Core, scope: Scope, path: string): Promise<Found> {
  const underWay = scope.reads.get(path)
  if (underWay !== undefined) return underWay.found
  const ticket: ReadTicket = { isOvertaken: false, found: Promise.resolve(nothing) }
  scope.reads.set(path, ticket)
  ticket.found = readWithTicket(core, scope, path, ticket)
  return ticket.found
}

async function readWithTicket(core: Core, scope: Scope, path: string, ticket: ReadTicket): Promise<Found> {
  const found = await readL2(core, scope, path, core.policy).finally(() => {
    if (scope.reads.get(path) === ticket) scope.reads.delete(path)
  })
  if (found.kind === 'entry' && !ticket.isOvertaken) keepInL1(core, scope, path, found.entry, core.policy)
  return found
}

/** What L2 holds under a key. */
export async function readL2(core: Core, scope: Scope, path: string, policy: Policy): Promise<Found> {
  if (core.l2 === undefined) return nothing
  const stored = scope.storedKey(path)
  let bytes: Buffer | undefined
  try {
    bytes = await core.l2.get(stored.key)
  } catch (error) {
    return failedRead(core, scope, error)
  }
  return judge(core, scope, path, stored, bytes, policy)
}

/** A store that was set up wrongly never works: that is for the programmer. All else is a miss. */
export function failedRead(core: Core, scope: Scope, error: unknown): Found {
  if (error instanceof UsageError) throw error
  reportStoreFailure(core, scope.name, 'read', error)
  return away
}

/** What an answer of L2 means. */
export function judge(core: Core, scope: Scope, path: string, stored: StoredKey, bytes: Buffer | undefined, policy: Policy): Found {
  const { counters } = core
  if (bytes === undefined) {
    counters.l2Misses += 1
    return nothing
  }
  counters.bytesRead += bytes.length
  const storeNowMs = core.l2?.nowMs() ?? 0
  const decoded = core.format.readHead(bytes, stored.key, stored.echo, storeNowMs)
  if (decoded.kind === 'value') {
    const found = open(core, stored.key, bytes, decoded.entry, storeNowMs, policy)
    if (typeof found === 'string') return reject(core, scope, path, bytes, found)
    counters.l2Hits += 1
    if (core.emitter.isHeard) {
      const isStale = found.staleAtMs <= core.nowMs()
      core.emitter.emit({ type: 'read.hit', tier: 'l2', namespace: scope.name, key: path, isStale })
    }
    return { kind: 'entry', entry: found, bytes }
  }
  if (decoded.kind === 'rejected') return reject(core, scope, path, bytes, decoded.reason)
  counters.l2Misses += 1
  if (decoded.kind === 'lease') return { kind: 'lease', mark: bytes, lengthMs: leaseLengthMs(bytes) }
  if (decoded.kind === 'error') return { kind: 'error', mark: bytes, failure: decodeFailure(bytes) }
  return fenced
}

/** An entry in local terms, or why it cannot be used. Instants in stored values are the store's; ages are what both clocks agree on. */
function open(core: Core, key: string, bytes: Buffer, stored: DecodedEntry, storeNowMs: number, policy: Policy): Entry | RejectReason {
  const hasGrace = stored.deadAtMs > stored.staleAtMs
  if (storeNowMs >= stored.deadAtMs || (stored.isMarkedStale && !hasGrace)) return 'dead'
  const opened = core.format.readValue(bytes, stored, key)
  if (typeof opened === 'string') return opened
  const nowMs = core.nowMs()
  const offsetMs = nowMs - storeNowMs
  const staleAtMs = stored.isMarkedStale ? nowMs : stored.staleAtMs + offsetMs
  const entry = new Entry(opened.value, stored.createdAtMs + offsetMs, staleAtMs, stored.deadAtMs + offsetMs, stored.loadCostMs, policy)
  entry.sizeBytes = opened.sizeBytes
  return entry
}

/** What was there could not be served: a miss, and an event. Its first bytes let a fill replace just that. */
function reject(core: Core, scope: Scope, path: string, bytes: Buffer, reason: RejectReason): Found {
  core.counters.l2Misses += 1
  core.counters.rejected += 1
  if (core.emitter.isHeard) core.emitter.emit({ type: 'read.rejected', namespace: scope.name, key: path, reason })
  return { kind: 'unusable', prefix: Buffer.from(bytes.subarray(0, prefixBytes)) }
}

export function keepInL1(core: Core, scope: Scope, path: string, entry: Entry, policy: Policy): void {
  if (scope.l1 === undefined) return
  entry.endAt(policy.l1TtlMs === Number.POSITIVE_INFINITY ? policy.l1TtlMs : core.nowMs() + policy.l1TtlMs)
  scope.l1.set(path, entry, entry.sizeBytes + path.length, entry.endsAtMs)
}
