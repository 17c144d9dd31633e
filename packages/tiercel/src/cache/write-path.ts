import { valuePrefix, versionOffset, versionPrefix } from '../codecs/envelope.ts'
import type { HeldToken, TagSnapshot } from '../coherence/tag.ts'
import type { Store, StoreEntry } from '../stores/store.ts'
import type { WriteDropped } from '../telemetry/event.ts'
import type { Loaded } from './call-loader.ts'
import type { Claim } from './claim.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { encodeLoaded } from './encode.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import { entryBytes, fillL1, type Life, type NewEntry, newLife, tagLifeMs, versionOf, written } from './new-entry.ts'
import type { Scope } from './scope.ts'

/**
 * Stores what was loaded, in L2 only over what it may replace, then in L1. Where it may not be stored, or all who wanted it have left, a lease
 * is given back. Never rejects.
 */
export async function publish(
  core: Core,
  entry: NewEntry,
  flight: Flight,
  loaded: Loaded,
  claim: Claim,
  snapshot: TagSnapshot,
): Promise<void> {
  const l2 = core.l2 as Store
  const { scope, path } = entry
  const life = newLife(core, entry.policy, loaded)
  try {
    const tokens = await tokensOf(entry, loaded, life, snapshot)
    const dropReason = flight.dropReason ?? (loaded.isSkipped ? 'skipped' : tokens === undefined ? 'revoked' : undefined)
    if (dropReason !== undefined || tokens === undefined) {
      drop(core, scope, path, dropReason ?? 'revoked')
      if (claim.isWhole) giveBack(core, scope, claim.key, claim.expected)
      return
    }
    const value = entryBytes(core, entry, loaded.encoded, life, tokens, claim.version)
    const isStored = await storeClaimed(l2, claim, { key: claim.key, value, ttlMs: life.freshMs + life.graceMs })
    if (!isStored) return drop(core, scope, path, 'revoked')
    written(core, scope, path, value.length)
    if (flight.dropReason === undefined) {
      const origin = { sentAtMs: flight.startedAtMs, tokens, version: versionOf(core, value), isSuspect: flight.touches > 0 }
      fillL1(core, entry, loaded.encoded, life, origin, value.length)
    }
  } catch (error) {
    reportStoreFailure(core, scope.name, 'write', error)
    keepInL1Alone(core, entry, flight, loaded)
    // Nobody is to wait for the end of the lease.
    if (claim.isWhole) giveBack(core, scope, claim.key, claim.expected)
  }
}

/** A lease or a lock, if it is there. */
export function giveBack(core: Core, scope: Scope, key: string, mark: Buffer): void {
  if (core.leases !== undefined) inBackground(core, scope, core.leases.giveBack(key, mark))
}

/** `idle` waits for it; a failure is reported. */
export function inBackground(core: Core, scope: Scope, work: Promise<unknown>): void {
  core.background.begin()
  work.catch((error) => reportStoreFailure(core, scope.name, 'write', error)).then(() => core.background.end())
}

/** Of the namespace and all tags; `undefined` when one of those that were told late may have been bumped during the load. */
async function tokensOf(
  { scope, policy }: NewEntry,
  { lateTags }: Loaded,
  life: Life,
  snapshot: TagSnapshot,
): Promise<readonly HeldToken[] | undefined> {
  const lifeMs = life.freshMs + life.graceMs
  // Tags live longer than what carries them; what the loader has made longer makes them longer too.
  if (lifeMs > policy.ttlMs + policy.graceMs && snapshot.tokens.length > 1) {
    await scope.tags.snap(
      snapshot.tokens.slice(1).map(({ name }) => name),
      tagLifeMs(lifeMs),
    )
  }
  return lateTags.length === 0 ? snapshot.tokens : scope.tags.snapLate(lateTags, tagLifeMs(lifeMs), snapshot)
}

async function storeClaimed(l2: Store, claim: Claim, entry: StoreEntry): Promise<boolean> {
  if (claim.expected.length === 0) return (await l2.claim(entry)) === undefined
  return l2.swap({ ...entry, expected: claim.expected, isWhole: claim.isWhole })
}

/** What was loaded goes into L1: for its life where there is no L2, else for as long as a load may be shared. */
export function keepInL1Alone(core: Core, entry: NewEntry, flight: Flight, loaded: Loaded): void {
  const { scope, path } = entry
  const reason = flight.dropReason ?? (loaded.isSkipped ? 'skipped' : undefined)
  if (reason !== undefined) return drop(core, scope, path, reason)
  const tokens = tokensHere(core, entry, flight, loaded)
  if (tokens === undefined) return drop(core, scope, path, 'revoked')
  const origin = { sentAtMs: flight.startedAtMs, tokens, version: '', isSuspect: false }
  if (flight.touches === 0) fillL1(core, entry, loaded.encoded, newLife(core, entry.policy, loaded), origin, 0)
}

/** As far as the server, which may be away, is not needed to know; `undefined` when a tag may have been changed during the load. */
function tokensHere(core: Core, { scope, tags }: NewEntry, flight: Flight, { lateTags }: Loaded): readonly HeldToken[] | undefined {
  const { snapshot } = flight
  if (snapshot !== undefined && lateTags.length === 0 && !snapshot.isFenced) return snapshot.tokens
  if (core.l2 === undefined) return scope.tags.snapLateHere(lateTags, snapshot as TagSnapshot)
  const names = [...tags, ...lateTags]
  const touched = scope.tags.touched.since(flight.tagTouches)
  if (touched === undefined || touched.has('') || names.some((name) => touched.has(name))) return undefined
  return scope.tags.standIns(names)
}

/** Gives an entry that was read its ttl anew, under its own version: a change meanwhile is left alone. */
export async function slide(core: Core, entry: NewEntry, flight: Flight, old: Entry, bytes: Buffer): Promise<undefined> {
  const version = Buffer.from(bytes.subarray(versionOffset, versionPrefix))
  const encoded = encodeLoaded(core, core.format.values.handOut(old.value))
  const life = newLife(core, entry.policy, { ...entry.policy, loadCostMs: old.loadCostMs })
  const value = entryBytes(core, entry, encoded, life, old.tokens, version)
  const { key } = entry.scope.storedKey(entry.path)
  try {
    const swap = { key, expected: valuePrefix(version), isWhole: false, value, ttlMs: life.freshMs + life.graceMs }
    const isStored = await core.l2?.swap(swap)
    const origin = { sentAtMs: flight.startedAtMs, tokens: old.tokens, version: old.version, isSuspect: flight.touches > 0 }
    if (isStored && flight.dropReason === undefined) fillL1(core, entry, encoded, life, origin, value.length)
  } catch (error) {
    reportStoreFailure(core, entry.scope.name, 'write', error)
  }
  return undefined
}

function drop(core: Core, scope: Scope, path: string, reason: WriteDropped['reason']): void {
  core.counters.writesDropped += 1
  if (core.emitter.isHeard) core.emitter.emit({ type: 'write.dropped', namespace: scope.name, key: path, reason })
}
