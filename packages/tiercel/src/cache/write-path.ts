import { byteLength } from '../codecs/encoding.ts'
import { valuePrefix, versionOffset, versionPrefix, versionText } from '../codecs/envelope.ts'
import type { HeldToken, TagSnapshot } from '../coherence/tag.ts'
import { StoreError } from '../kernel/errors.ts'
import type { PutOutcome, Store, StoreEntry } from '../stores/store.ts'
import type { WriteDropped } from '../telemetry/event.ts'
import type { Loaded } from './call-loader.ts'
import type { Claim } from './claim.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { type EncodedValue, encodeLoaded } from './encode.ts'
import { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import { lifeMs, type Policy } from './policy.ts'
import { keepInL1 } from './read-path.ts'
import type { Scope, Write } from './scope.ts'
import { beginWrite, endWrite } from './writes.ts'

const shortestTagLifeMs = 60_000

/** One entry on its way into the tiers. */
interface NewEntry {
  readonly scope: Scope
  readonly path: string
  readonly policy: Policy
  /** Encoded names of its tags. */
  readonly tags: readonly string[]
}

/** Its ages: fresh for `freshMs`, stale for `graceMs` after that. Both whole, in ms. */
interface Life {
  readonly freshMs: number
  readonly graceMs: number
  readonly loadCostMs: number
}

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
  const life = lifeOf(core, entry.policy, loaded)
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

/** How long a tag is to live for an entry with this life: it is made longer once less than half is left. */
export function tagLifeMs(entryLifeMs: number): number {
  return Math.max(2 * entryLifeMs, shortestTagLifeMs)
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
  if (flight.touches === 0) fillL1(core, entry, loaded.encoded, lifeOf(core, entry.policy, loaded), origin, 0)
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
  const life = {
    freshMs: lifeMs(entry.policy.ttlMs, entry.policy.jitter, core.random),
    graceMs: entry.policy.graceMs,
    loadCostMs: old.loadCostMs,
  }
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

/** A value to be set, with all that was checked. */
export interface SetEntry extends NewEntry {
  readonly encoded: EncodedValue
}

/** Stores values in both tiers. L1 has them once L2 has confirmed, and nothing when it has not. */
export async function writeEntries(core: Core, entries: readonly SetEntry[]): Promise<void> {
  core.counters.sets += entries.length
  if (core.l1 !== undefined) core.changes?.start()
  const writes = entries.map((entry) => beginWrite(entry.scope, entry.path))
  const prepared: Prepared[] = []
  let outcomes: readonly (PutOutcome | 'overtaken')[] = []
  try {
    for (const entry of await Promise.all(entries.map((each) => prepare(core, each)))) prepared.push(entry)
    outcomes = await storeAll(core, prepared, writes)
  } catch (error) {
    reportStoreFailure(core, entries[0]?.scope.name ?? '', 'write', error)
    throw error
  } finally {
    entries.forEach((entry, at) => {
      const write = writes[at] as Write
      const isNewest = endWrite(entry.scope, entry.path, write)
      if (outcomes[at] === 'stored') stored(core, prepared[at] as Prepared, isNewest, write)
    })
  }
  const fencedAt = outcomes.indexOf('fenced')
  if (fencedAt >= 0) throw fencedError(entries[fencedAt]?.path)
}

interface Prepared {
  readonly entry: SetEntry
  readonly life: Life
  readonly tokens: readonly HeldToken[]
  readonly sentAtMs: number
  readonly bytes: Buffer | undefined
}

/** With the tags as they are now: what is set is as new as this call. */
async function prepare(core: Core, entry: SetEntry): Promise<Prepared> {
  const { ttlMs, jitter, graceMs } = entry.policy
  const life = { freshMs: lifeMs(ttlMs, jitter, core.random), graceMs, loadCostMs: 0 }
  const sentAtMs = core.nowMs()
  if (!core.format.hasHeader)
    return { entry, life, tokens: [], sentAtMs, bytes: entryBytes(core, entry, entry.encoded, life, [], undefined) }
  const snapshot = await entry.scope.tags.snap(entry.tags, tagLifeMs(ttlMs + graceMs))
  if (snapshot.isFenced) throw fencedError(entry.path)
  const { tokens } = snapshot
  const bytes = core.l2 === undefined ? undefined : entryBytes(core, entry, entry.encoded, life, tokens, undefined)
  return { entry, life, tokens, sentAtMs, bytes }
}

/** What a later write of this process has overtaken before it could be sent need not be. */
async function storeAll(
  core: Core,
  prepared: readonly Prepared[],
  writes: readonly Write[],
): Promise<readonly (PutOutcome | 'overtaken')[]> {
  const { l2 } = core
  const isWanted = prepared.map(({ entry }, at) => entry.scope.writes.get(entry.path) === writes[at])
  const wanted = prepared.filter((_, at) => isWanted[at])
  const outcomes =
    l2 === undefined || wanted.length === 0
      ? wanted.map(() => 'stored' as const)
      : await l2.setMany(
          wanted.map(({ entry, bytes, life }) => {
            const { key } = entry.scope.storedKey(entry.path)
            return { key, value: bytes as Buffer, ttlMs: life.freshMs + life.graceMs }
          }),
        )
  const sent = outcomes.values()
  return isWanted.map((wants) => (wants ? (sent.next().value as PutOutcome) : 'overtaken'))
}

function stored(core: Core, { entry, life, tokens, sentAtMs, bytes }: Prepared, isNewest: boolean, write: Write): void {
  const version = bytes === undefined ? '' : versionOf(core, bytes)
  if (isNewest) fillL1(core, entry, entry.encoded, life, { sentAtMs, tokens, version, isSuspect: write.isTouched }, bytes?.length ?? 0)
  core.journal?.applied([entry.scope.journalEntry(entry.path)])
  written(core, entry.scope, entry.path, bytes?.length ?? 0)
}

function lifeOf(core: Core, { jitter }: Policy, { ttlMs, graceMs, loadCostMs }: Loaded): Life {
  return { freshMs: lifeMs(ttlMs, jitter, core.random), graceMs, loadCostMs }
}

function entryBytes(
  core: Core,
  { scope, path }: NewEntry,
  { value, payload }: EncodedValue,
  life: Life,
  tags: readonly HeldToken[],
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
    tags,
  }
  return core.format.write(head, payload === undefined ? (value === null ? 'null' : 'absent') : { payload })
}

function versionOf(core: Core, bytes: Buffer): string {
  return core.format.hasHeader ? versionText(bytes) : ''
}

/** Where a value in L1 comes from. */
interface Origin {
  readonly sentAtMs: number
  readonly tokens: readonly HeldToken[]
  readonly version: string
  /** Whether the key may have changed since. */
  readonly isSuspect: boolean
}

function fillL1(core: Core, entry: NewEntry, encoded: EncodedValue, life: Life, origin: Origin, storedBytes: number): void {
  if (entry.scope.l1 === undefined) return
  const nowMs = core.nowMs()
  const staleAtMs = nowMs + life.freshMs
  const kept = new Entry(encoded.value, nowMs, staleAtMs, staleAtMs + life.graceMs, life.loadCostMs, entry.policy)
  // What is compressed in L2 is not in here.
  kept.sizeBytes = Math.max(storedBytes, byteLength(encoded.payload ?? ''))
  kept.sentAtMs = Math.floor(origin.sentAtMs)
  kept.tokens = origin.tokens
  kept.version = origin.version
  if (origin.isSuspect) kept.doubt()
  keepInL1(core, entry, kept)
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
