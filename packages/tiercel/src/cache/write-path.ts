import { byteLength } from '../codecs/encoding.ts'
import { UsageError } from '../kernel/errors.ts'
import { type Core, reportStoreFailure } from './core.ts'
import type { Flight } from './flight.ts'
import { lifeMs, type Policy } from './policy.ts'
import type { Scope } from './scope.ts'

/** A value in both its forms: as it is held for callers, and as it travels. */
export interface EncodedValue {
  readonly value: unknown
  /** Of the codec; none for `null`. */
  readonly payload: string | Buffer | undefined
}

/** One entry on its way into the tiers. */
interface NewEntry {
  readonly scope: Scope
  readonly path: string
  readonly policy: Policy
}

/**
 * Encodes a value, which also checks it. What is handed out is the value as every later reader will get it, so that no caller sees
 * another shape than the next; only with `share` is it the caller's own object.
 *
 * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE}
 */
export function encodeValue(core: Core, value: unknown): EncodedValue {
  if (value === null) return { value, payload: undefined }
  if (value === undefined) {
    throw new UsageError(
      'TIERCEL_UNDEFINED_VALUE',
      'undefined cannot be stored: it means "not in the cache". Store null for "there is none".',
    )
  }
  const payload = core.format.encode(value)
  // Of what is no object only -0 may come back as another: not every codec keeps it.
  const isSame = typeof value === 'object' ? core.sharing === 'share' : !Object.is(value, -0)
  return { value: isSame ? value : core.format.hold(payload), payload }
}

/** Stores what a flight loaded, unless the key was written meanwhile. L2 follows in the background. */
export function keepLoaded(
  core: Core,
  entry: NewEntry,
  flight: Flight,
  loaded: EncodedValue & { readonly loadCostMs: number },
  present: Buffer | undefined,
): unknown {
  const { scope, path } = entry
  if (flight.dropReason !== undefined) {
    drop(core, scope, path, flight.dropReason)
    return loaded.value
  }
  const life = lifeMs(entry.policy, core.random)
  const bytes = core.l2 === undefined ? undefined : entryBytes(core, scope, path, loaded, life, loaded.loadCostMs)
  fillL1(core, scope, path, loaded, life, bytes)
  if (bytes !== undefined && present !== undefined) void publish(core, scope, path, bytes, life, present)
  return loaded.value
}

/** Never rejects. Stores a loaded value only over what its reader saw: whatever came there since is newer. */
async function publish(core: Core, scope: Scope, path: string, bytes: Buffer, ttlMs: number, present: Buffer): Promise<void> {
  core.background.begin()
  try {
    const isStored = await core.l2?.swap({ key: scope.storedKey(path).key, value: bytes, ttlMs }, present)
    if (isStored) written(core, scope, path, bytes.length)
    else drop(core, scope, path, 'occupied')
  } catch (error) {
    reportStoreFailure(core, scope.name, 'write', error)
  }
  core.background.end()
}

/** A value to be set, with all that was checked. */
export interface SetEntry extends NewEntry {
  readonly encoded: EncodedValue
}

/** Stores values in both tiers. L1 has them once L2 has confirmed, and nothing when it has not. */
export async function writeEntries(core: Core, entries: readonly SetEntry[]): Promise<void> {
  core.counters.sets += entries.length
  const prepared = entries.map((entry) => {
    const life = lifeMs(entry.policy, core.random)
    const bytes = core.l2 === undefined ? undefined : entryBytes(core, entry.scope, entry.path, entry.encoded, life, 0)
    return { ...entry, life, bytes, write: beginWrite(entry.scope, entry.path) }
  })
  let isConfirmed = false
  try {
    const stored = prepared.flatMap(({ scope, path, bytes, life }) =>
      bytes === undefined ? [] : [{ key: scope.storedKey(path).key, value: bytes, ttlMs: life }],
    )
    if (stored.length > 0) await core.l2?.setMany(stored)
    isConfirmed = true
  } catch (error) {
    reportStoreFailure(core, entries[0]?.scope.name ?? '', 'write', error)
    throw error
  } finally {
    for (const { scope, path, encoded, life, bytes, write } of prepared) {
      const isNewest = endWrite(scope, path, write)
      if (!isConfirmed) continue
      if (isNewest) fillL1(core, scope, path, encoded, life, bytes)
      written(core, scope, path, bytes?.length ?? 0)
    }
  }
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

function entryBytes(core: Core, scope: Scope, path: string, encoded: EncodedValue, life: number, loadCostMs: number): Buffer {
  const stored = scope.storedKey(path)
  const createdAtMs = core.l2?.nowMs() ?? 0
  const endsAtMs = createdAtMs + life
  const head = {
    storedKey: stored.key,
    echo: stored.echo,
    codec: core.format.codecId,
    createdAtMs,
    staleAtMs: endsAtMs,
    deadAtMs: endsAtMs,
    loadCostMs,
  }
  return core.format.write(head, encoded.payload === undefined ? 'null' : { payload: encoded.payload })
}

function fillL1(core: Core, scope: Scope, path: string, encoded: EncodedValue, life: number, bytes: Buffer | undefined): void {
  if (scope.l1 === undefined) return
  // What is compressed in L2 is not in here.
  const sizeBytes = path.length + Math.max(bytes?.length ?? 0, byteLength(encoded.payload ?? ''))
  scope.l1.set(path, encoded.value, sizeBytes, core.nowMs() + life)
}

function written(core: Core, scope: Scope, path: string, sizeBytes: number): void {
  core.counters.bytesWritten += sizeBytes
  if (core.emitter.isHeard) core.emitter.emit({ type: 'write.done', namespace: scope.name, key: path, sizeBytes })
}

function drop(core: Core, scope: Scope, path: string, reason: 'overtaken' | 'abandoned' | 'occupied'): void {
  core.counters.writesDropped += 1
  if (core.emitter.isHeard) core.emitter.emit({ type: 'write.dropped', namespace: scope.name, key: path, reason })
}
