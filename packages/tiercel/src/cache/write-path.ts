import { byteLength } from '../codecs/encoding.ts'
import { staleMark, valuePrefix, versionOffset, versionPrefix } from '../codecs/envelope.ts'
import { StoreError } from '../kernel/errors.ts'
import type { PutOutcome, Store, StoreEntry } from '../stores/store.ts'
import type { WriteDropped } from '../telemetry/event.ts'
import type { Loaded } from './call-loader.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { type EncodedValue, encodeLoaded } from './encode.ts'
import { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import { lifeMs, type Policy } from './policy.ts'
import { keepInL1 } from './read-path.ts'
import type { Scope } from './scope.ts'

/** One entry on its way into the tiers. */
interface NewEntry {
  readonly scope: Scope
  readonly path: string
  readonly policy: Policy
}

/** Its ages: fresh for `freshMs`, stale for `graceMs` after that. Both whole, in ms. */
interface Life {
  readonly freshMs: number
  readonly graceMs: number
  readonly loadCostMs: number
}

/** What a loaded value may replace. */
export interface Claim {
  readonly key: string
  /** What must still be there; empty: nothing. */
  readonly expected: Buffer
  /** Whether that is all of it: a lease. */
  readonly isWhole: boolean
  /** Of the new entry. Default: random. */
  readonly version: Buffer | undefined
}

/**
 * Stores what was loaded, in L2 only over what it may replace, then in L1. Where it may not be stored, or all who wanted it have left, a lease
 * is given back. Never rejects.
 */
export async function publish(core: Core, entry: NewEntry, flight: Flight, loaded: Loaded, claim: Claim): Promise<void> {
  const l2 = core.l2 as Store
  const { scope, path } = entry
  const isDropped = flight.dropReason !== undefined || loaded.isSkipped
  const life = lifeOf(core, entry.policy, loaded)
  const value = isDropped ? undefined : entryBytes(core, entry, loaded.encoded, life, claim.version)
  try {
    if (isDropped) {
      drop(core, scope, path, flight.dropReason ?? 'skipped')
      if (claim.isWhole) await l2.swap({ ...claim, value: undefined, ttlMs: 1 })
      return
    }
    const isStored = await storeClaimed(l2, claim, { key: claim.key, value: value as Buffer, ttlMs: life.freshMs + life.graceMs })
    if (!isStored) return drop(core, scope, path, 'revoked')
    written(core, scope, path, value?.length ?? 0)
  } catch (error) {
    reportStoreFailure(core, scope.name, 'write', error)
  }
  if (flight.dropReason === undefined) fillL1(core, entry, loaded.encoded, life, value)
}

async function storeClaimed(l2: Store, claim: Claim, entry: StoreEntry): Promise<boolean> {
  if (claim.expected.length === 0) return (await l2.claim(entry)) === undefined
  return l2.swap({ ...entry, expected: claim.expected, isWhole: claim.isWhole })
}

/** What was loaded goes into L1, where there is no L2, or where that is away. */
export function keepInL1Alone(core: Core, entry: NewEntry, flight: Flight, loaded: Loaded): void {
  const reason = flight.dropReason ?? (loaded.isSkipped ? 'skipped' : undefined)
  if (reason === undefined) fillL1(core, entry, loaded.encoded, lifeOf(core, entry.policy, loaded), undefined)
  else drop(core, entry.scope, entry.path, reason)
}

/** Gives an entry that was read its ttl anew, under its own version: a change meanwhile is left alone. */
export async function slide(core: Core, entry: NewEntry, flight: Flight, old: Entry, bytes: Buffer): Promise<undefined> {
  const version = bytes.subarray(versionOffset, versionPrefix)
  const encoded = encodeLoaded(core, core.format.values.handOut(old.value))
  const life = {
    freshMs: lifeMs(entry.policy.ttlMs, entry.policy.jitter, core.random),
    graceMs: entry.policy.graceMs,
    loadCostMs: old.loadCostMs,
  }
  const value = entryBytes(core, entry, encoded, life, version)
  const { key } = entry.scope.storedKey(entry.path)
  try {
    const swap = { key, expected: valuePrefix(version), isWhole: false, value, ttlMs: life.freshMs + life.graceMs }
    const isStored = await core.l2?.swap(swap)
    if (isStored && flight.dropReason === undefined) fillL1(core, entry, encoded, life, value)
  } catch (error) {
    reportStoreFailure(core, entry.scope.name, 'write', error)
  }
  return undefined
}

/** A value to be set, with all that was checked. */
export interface SetEntry extends NewEntry {
  readonly encoded: EncodedValue
}

/** Stores values in both tiers. L1 has them once L2 has confirmed, and nothing when it has not. */
export async function writeEntries(core: Core, entries: readonly SetEntry[]): Promise<void> {
  core.counters.sets += entries.length
  const prepared = entries.map((entry) => {
    const { ttlMs, jitter, graceMs } = entry.policy
    const life = { freshMs: lifeMs(ttlMs, jitter, core.random), graceMs, loadCostMs: 0 }
    const bytes = core.l2 === undefined ? undefined : entryBytes(core, entry, entry.encoded, life, undefined)
    return { entry, life, bytes, write: beginWrite(entry.scope, entry.path) }
  })
  let outcomes: readonly PutOutcome[] = []
  try {
    outcomes = await storeAll(core, prepared)
  } catch (error) {
    reportStoreFailure(core, entries[0]?.scope.name ?? '', 'write', error)
    throw error
  } finally {
    for (const [at, { entry, life, bytes, write }] of prepared.entries()) {
      const isNewest = endWrite(entry.scope, entry.path, write)
      if (outcomes[at] !== 'stored') continue
      if (isNewest) fillL1(core, entry, entry.encoded, life, bytes)
      written(core, entry.scope, entry.path, bytes?.length ?? 0)
    }
  }
  const fencedAt = outcomes.indexOf('fenced')
  if (fencedAt >= 0) throw fencedError(entries[fencedAt]?.path)
}

async function storeAll(
  core: Core,
  prepared: readonly { readonly entry: NewEntry; readonly life: Life; readonly bytes: Buffer | undefined }[],
): Promise<readonly PutOutcome[]> {
  const { l2 } = core
  if (l2 === undefined || prepared.length === 0) return prepared.map(() => 'stored')
  return l2.setMany(
    prepared.map(({ entry, bytes, life }) => {
      const { key } = entry.scope.storedKey(entry.path)
      return { key, value: bytes as Buffer, ttlMs: life.freshMs + life.graceMs }
    }),
  )
}

export async function deleteEntries(core: Core, scope: Scope, paths: readonly string[]): Promise<void> {
  core.counters.deletes += paths.length
  const writes = paths.map((path) => beginWrite(scope, path))
  try {
    if (paths.length > 0) await core.l2?.deleteMany(paths.map((path) => scope.storedKey(path).key))
  } catch (error) {
    reportStoreFailure(core, scope.name, 'delete', error)
    throw error
  } finally {
    paths.forEach((path, at) => {
      endWrite(scope, path, writes[at] as object)
    })
  }
}

/** Ends the fresh time of an entry now. Its new version keeps a refresh that began before from storing over it. */
export async function expireEntry(core: Core, scope: Scope, path: string): Promise<void> {
  if (core.l2 === undefined) {
    const entry = scope.l1?.use(path) as Entry | undefined
    scope.overtakeLoads(path)
    if (entry === undefined || entry.deadAtMs <= entry.staleAtMs) scope.l1?.delete(path)
    else {
      entry.staleAtMs = Math.min(entry.staleAtMs, core.nowMs())
      entry.lookAtMs = entry.staleAtMs
    }
    return
  }
  const write = beginWrite(scope, path)
  try {
    await core.l2.overwrite(scope.storedKey(path).key, versionOffset, staleMark())
  } catch (error) {
    reportStoreFailure(core, scope.name, 'write', error)
    throw error
  } finally {
    endWrite(scope, path, write)
  }
}

/**
 * From here to its end, a write owns its key in this process: what was under way before is overtaken, and once more at the end what
 * began meanwhile, since nobody can tell on which side of the write it read.
 */
function beginWrite(scope: Scope, path: string): object {
  const write = {}
  scope.writes.set(path, write)
  scope.overtake(path)
  return write
}

/** @returns whether no later write of this process has begun */
function endWrite(scope: Scope, path: string, write: object): boolean {
  scope.overtake(path)
  const isNewest = scope.writes.get(path) === write
  if (isNewest) scope.writes.delete(path)
  return isNewest
}

function lifeOf(core: Core, { jitter }: Policy, { ttlMs, graceMs, loadCostMs }: Loaded): Life {
  return { freshMs: lifeMs(ttlMs, jitter, core.random), graceMs, loadCostMs }
}

function entryBytes(
  core: Core,
  { scope, path }: NewEntry,
  { value, payload }: EncodedValue,
  life: Life,
  version: Buffer | undefined,
): Buffer {
  const stored = scope.storedKey(path)
  const createdAtMs = core.l2?.nowMs() ?? 0
  const staleAtMs = createdAtMs + life.freshMs
  const head = {
    version,
    storedKey: stored.key,
    echo: stored.echo,
    codec: core.format.codecId,
    createdAtMs,
    staleAtMs,
    deadAtMs: staleAtMs + life.graceMs,
    loadCostMs: life.loadCostMs,
  }
  return core.format.write(head, payload === undefined ? (value === null ? 'null' : 'absent') : { payload })
}

function fillL1(core: Core, entry: NewEntry, encoded: EncodedValue, life: Life, bytes: Buffer | undefined): void {
  const { scope, path, policy } = entry
  if (scope.l1 === undefined) return
  const nowMs = core.nowMs()
  const staleAtMs = nowMs + life.freshMs
  const kept = new Entry(encoded.value, nowMs, staleAtMs, staleAtMs + life.graceMs, life.loadCostMs, policy)
  // What is compressed in L2 is not in here.
  kept.sizeBytes = Math.max(bytes?.length ?? 0, byteLength(encoded.payload ?? ''))
  keepInL1(core, scope, path, kept, policy)
}

function written(core: Core, scope: Scope, path: string, sizeBytes: number): void {
  core.counters.bytesWritten += sizeBytes
  if (core.emitter.isHeard) core.emitter.emit({ type: 'write.done', namespace: scope.name, key: path, sizeBytes })
}

function drop(core: Core, scope: Scope, path: string, reason: WriteDropped['reason']): void {
  core.counters.writesDropped += 1
  if (core.emitter.isHeard) core.emitter.emit({ type: 'write.dropped', namespace: scope.name, key: path, reason })
}

function fencedError(key: string | undefined): StoreError {
  const text = 'set: the source of this key is being changed right now, so nothing may be stored for it. The next load will.'
  return new StoreError('TIERCEL_FENCED', text, key === undefined ? { operation: 'set' } : { operation: 'set', key })
}
