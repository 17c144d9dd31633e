import { byteLength } from '../codecs/encoding.ts'
import { versionText } from '../codecs/envelope.ts'
import type { HeldToken } from '../coherence/tag.ts'
import type { Core } from './core.ts'
import type { EncodedValue } from './encode.ts'
import { Entry } from './entry.ts'
import { lifeMs, type Policy } from './policy.ts'
import { keepInL1 } from './read-path.ts'
import type { Scope } from './scope.ts'

const shortestTagLifeMs = 60_000

/** One entry on its way into the tiers. */
export interface NewEntry {
  readonly scope: Scope
  readonly path: string
  readonly policy: Policy
  /** Encoded names of its tags. */
  readonly tags: readonly string[]
}

/** Its ages: fresh for `freshMs`, stale for `graceMs` after that. Both whole, in ms. */
export interface Life {
  readonly freshMs: number
  readonly graceMs: number
  readonly loadCostMs: number
}

/** The life of a value that is stored now, with the chance in its fresh part. */
export function newLife(
  core: Core,
  { jitter }: Policy,
  chosen: { readonly ttlMs: number; readonly graceMs: number; readonly loadCostMs: number },
): Life {
  const { ttlMs, graceMs, loadCostMs } = chosen
  return { freshMs: lifeMs(ttlMs, jitter, core.random), graceMs, loadCostMs }
}

/** How long a tag is to live for an entry with this life: it is made longer once less than half is left. */
export function tagLifeMs(entryLifeMs: number): number {
  return Math.max(2 * entryLifeMs, shortestTagLifeMs)
}

export function entryBytes(
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

export function versionOf(core: Core, bytes: Buffer): string {
  return core.format.hasHeader ? versionText(bytes) : ''
}

/** Where a value in L1 comes from. */
export interface Origin {
  readonly sentAtMs: number
  readonly tokens: readonly HeldToken[]
  readonly version: string
  /** Whether the key may have changed since. */
  readonly isSuspect: boolean
}

export function fillL1(core: Core, entry: NewEntry, encoded: EncodedValue, life: Life, origin: Origin, storedBytes: number): void {
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

export function written(core: Core, scope: Scope, path: string, sizeBytes: number): void {
  core.counters.bytesWritten += sizeBytes
  if (core.emitter.isHeard) core.emitter.emit({ type: 'write.done', namespace: scope.name, key: path, sizeBytes })
}
