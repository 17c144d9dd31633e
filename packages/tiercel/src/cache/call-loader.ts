import { TiercelError, UsageError } from '../kernel/errors.ts'
import type { LoadReason } from '../telemetry/event.ts'
import type { Core } from './core.ts'
import { type EncodedValue, encodeLoaded } from './encode.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import type { LoadRunner } from './load-batch.ts'
import { Context } from './load-context.ts'
import type { LoadRequest } from './load-request.ts'
import { checkLoaded } from './value-checks.ts'

/** What a loader returned, and what it said of it. */
export interface Loaded {
  readonly encoded: EncodedValue
  readonly ttlMs: number
  readonly graceMs: number
  readonly loadCostMs: number
  /** Encoded names of tags that were told by the loader, or come from the value. */
  readonly lateTags: readonly string[]
  /** Handed out, not stored. */
  readonly isSkipped: boolean
}

/**
 * Calls the loader when it is its turn, unless nobody waits any more. One that stands for a place in a batch has its turn with the batch.
 *
 * @param old what it replaces, if anything
 * @throws {TIERCEL_LOAD_REFUSED} it was not called
 */
export function callLoader(core: Core, request: LoadRequest, flight: Flight, old: Entry | undefined): Promise<Loaded> {
  if (core.loads === undefined || request.onWait !== undefined) return load(core, request, flight, old)
  return core.loads.run(
    request.isInLoad,
    () => load(core, request, flight, old),
    () => refusedLoad(request.path),
    () => flight.signal,
  )
}

export function loadRunner({ loads }: Pick<Core, 'loads'>): LoadRunner {
  return {
    get isInside() {
      return loads?.isInside === true
    },
    run: async (isInside, call) => (loads === undefined ? call() : loads.run(isInside, call, refusedLoad)),
  }
}

function refusedLoad(key?: string): TiercelError {
  const text = 'As many loaders run, and as many wait for their turn, as loads of createCache allows.'
  return new TiercelError('TIERCEL_LOAD_REFUSED', text, { operation: 'getOrSet', ...(key === undefined ? {} : { key }) })
}

async function load(core: Core, request: LoadRequest, flight: Flight, old: Entry | undefined): Promise<Loaded> {
  const { counters, emitter } = core
  const { policy } = request
  const subject = { namespace: request.scope.name, key: request.path }
  const reason: LoadReason = request.isForced ? 'forced' : old === undefined ? 'miss' : 'refresh'
  flight.checkWanted()
  if (reason === 'miss' && emitter.isHeard) emitter.emit({ type: 'read.miss', ...subject })
  counters.loads += 1
  if (reason !== 'miss') counters.refreshes += 1
  if (emitter.isHeard) emitter.emit({ type: 'load.started', ...subject, reason })
  const context = new Context(request.path, flight, old, core)
  const startedAtMs = core.deadlineNowMs()
  try {
    const value = await request.load(context)
    const loadCostMs = core.deadlineNowMs() - startedAtMs
    if (value === undefined && !context.isAbsent) throw undefinedLoaded(request.path)
    const encoded = encodeLoaded(core, value)
    if (request.check !== undefined) await checkLoaded(core, encoded.value, request.check, request.path)
    if (emitter.isHeard) emitter.emit({ type: 'load.done', ...subject, durationMs: loadCostMs })
    const ttlMs = context.ttlMs ?? (value === undefined ? Math.min(policy.absentTtlMs, policy.ttlMs) : policy.ttlMs)
    const graceMs = context.graceMs ?? (value === undefined ? 0 : policy.graceMs)
    // What was not loaded anew cost what the first load did, or early refreshes would come too late the next time.
    const costMs = context.isUnchanged ? Math.max(loadCostMs, old?.loadCostMs ?? 0) : loadCostMs
    return {
      encoded,
      ttlMs,
      graceMs,
      loadCostMs: costMs,
      lateTags: lateTagsOf(request, context, encoded, core),
      isSkipped: context.isSkipped,
    }
  } catch (error) {
    counters.loadErrors += 1
    if (emitter.isHeard) emitter.emit({ type: 'load.failed', ...subject, durationMs: core.deadlineNowMs() - startedAtMs, error })
    throw error
  } finally {
    counters.loadTimeMs += core.deadlineNowMs() - startedAtMs
  }
}

/** Those that were not known before the load. What the source does not have carries none of its value's. */
function lateTagsOf(request: LoadRequest, context: Context, { value }: EncodedValue, core: Core): readonly string[] {
  const ofValue = value === undefined || value === null ? undefined : request.lateTags?.(core.format.values.handOut(value))
  if (context.tags.length === 0 && ofValue === undefined) return none
  return [...new Set([...context.tags, ...(ofValue ?? none)])].filter((name) => !request.tags.includes(name))
}

const none: readonly string[] = []

function undefinedLoaded(key: string): UsageError {
  const text = 'The loader returned undefined, which cannot be stored. Return null for "there is none", or ctx.absent().'
  return new UsageError('TIERCEL_UNDEFINED_VALUE', text, { operation: 'getOrSet', key })
}
