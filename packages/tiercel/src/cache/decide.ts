import type { Decoded, DecodedEntry } from '../codecs/envelope.ts'
import type { RejectReason } from '../telemetry/event.ts'

/** What a reader does with what it found in L2. */
export type Decision =
  | { readonly action: 'serve'; readonly entry: DecodedEntry; readonly remainingMs: number }
  | { readonly action: 'miss'; readonly reason: RejectReason }

const busy: Decision = { action: 'miss', reason: 'busy' }
const dead: Decision = { action: 'miss', reason: 'dead' }

/**
 * An entry is served while it is fresh. A lease, fence or error marker is a process at work: nothing to serve, nothing to overwrite.
 *
 * @param nowMs the store's clock
 */
export function decide(found: Decoded, nowMs: number): Decision {
  if (found.kind === 'rejected') return { action: 'miss', reason: found.reason }
  if (found.kind !== 'value') return busy
  const remainingMs = found.entry.staleAtMs - nowMs
  if (found.entry.isMarkedStale || found.entry.isAbsent || remainingMs <= 0) return dead
  return { action: 'serve', entry: found.entry, remainingMs }
}
