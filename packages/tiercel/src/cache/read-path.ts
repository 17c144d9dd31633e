import { prefixBytes } from '../codecs/envelope.ts'
import { UsageError } from '../kernel/errors.ts'
import type { RejectReason } from '../telemetry/event.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { decide } from './decide.ts'
import type { Found, ReadTicket, Scope, StoredKey } from './scope.ts'

const nothing: Found = { isHit: false, present: Buffer.alloc(0) }
const unknown: Found = { isHit: false, present: undefined }

/** Reads L2 and fills L1. All who want the same key at the same time share one read. */
export function readL2(core: Core, scope: Scope, path: string): Promise<Found> {
  if (core.l2 === undefined) return Promise.resolve(nothing)
  const underWay = scope.reads.get(path)
  if (underWay !== undefined) return underWay.found
  const ticket: ReadTicket = { isOvertaken: false, found: Promise.resolve(nothing) }
  scope.reads.set(path, ticket)
  ticket.found = readEntry(core, scope, path, ticket)
  return ticket.found
}

async function readEntry(core: Core, scope: Scope, path: string, ticket: ReadTicket): Promise<Found> {
  const stored = scope.storedKey(path)
  let bytes: Buffer | undefined
  try {
    bytes = await core.l2?.get(stored.key)
  } catch (error) {
    // A store that was set up wrongly never works: that is for the programmer. All else is a miss.
    if (error instanceof UsageError) throw error
    reportStoreFailure(core, scope.name, 'read', error)
    return unknown
  } finally {
    if (scope.reads.get(path) === ticket) scope.reads.delete(path)
  }
  if (bytes === undefined) {
    core.counters.l2Misses += 1
    return nothing
  }
  return judge(core, scope, path, ticket, bytes, stored)
}

function judge(core: Core, scope: Scope, path: string, ticket: ReadTicket, bytes: Buffer, stored: StoredKey): Found {
  core.counters.bytesRead += bytes.length
  const nowMs = core.l2?.nowMs() ?? 0
  const decision = decide(core.format.readHead(bytes, stored.key, stored.echo, nowMs), nowMs)
  if (decision.action === 'miss') return reject(core, scope, path, bytes, decision.reason)
  const opened = core.format.readValue(bytes, decision.entry, stored.key)
  if (typeof opened === 'string') return reject(core, scope, path, bytes, opened)
  const { value, sizeBytes } = opened
  core.counters.l2Hits += 1
  if (!ticket.isOvertaken) scope.l1?.set(path, value, sizeBytes + path.length, core.nowMs() + decision.remainingMs)
  if (core.emitter.isHeard) core.emitter.emit({ type: 'read.hit', tier: 'l2', namespace: scope.name, key: path })
  return { isHit: true, value, bytes }
}

/** What was there could not be served: a miss, and an event. Its first bytes let a fill replace just that. */
function reject(core: Core, scope: Scope, path: string, bytes: Buffer, reason: RejectReason): Found {
  core.counters.l2Misses += 1
  core.counters.rejected += 1
  if (core.emitter.isHeard) core.emitter.emit({ type: 'read.rejected', namespace: scope.name, key: path, reason })
  return { isHit: false, present: reason === 'busy' ? undefined : bytes.subarray(0, prefixBytes) }
}
