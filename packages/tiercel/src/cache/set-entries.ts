import type { HeldToken } from '../coherence/tag.ts'
import { StoreError } from '../kernel/errors.ts'
import type { PutOutcome } from '../stores/store.ts'
import { type Core, reportStoreFailure } from './core.ts'
import type { EncodedValue } from './encode.ts'
import { entryBytes, fillL1, type Life, type NewEntry, newLife, tagLifeMs, versionOf, written } from './new-entry.ts'
import type { Write } from './scope.ts'
import { beginWrite, endWrite } from './writes.ts'

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

/** A value on its way into the tiers, sealed under tags as they were. */
export interface Prepared {
  readonly entry: SetEntry
  readonly life: Life
  readonly tokens: readonly HeldToken[]
  readonly sentAtMs: number
  /** None where there is no L2. */
  readonly bytes: Buffer | undefined
}

/** With the tags as they are now: what is set is as new as this call. */
async function prepare(core: Core, entry: SetEntry): Promise<Prepared> {
  const { ttlMs, graceMs } = entry.policy
  const life = newLife(core, entry.policy, { ttlMs, graceMs, loadCostMs: 0 })
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

function stored(core: Core, prepared: Prepared, isNewest: boolean, write: Write): void {
  keepStored(core, prepared, isNewest, write)
  core.journal?.applied([prepared.entry.scope.journalEntry(prepared.entry.path)])
}

/** What L2 has taken goes into L1, unless a later write of this process has begun. */
export function keepStored(core: Core, { entry, life, tokens, sentAtMs, bytes }: Prepared, isNewest: boolean, write: Write): void {
  const version = bytes === undefined ? '' : versionOf(core, bytes)
  if (isNewest) fillL1(core, entry, entry.encoded, life, { sentAtMs, tokens, version, isSuspect: write.isTouched }, bytes?.length ?? 0)
  written(core, entry.scope, entry.path, bytes?.length ?? 0)
}

function fencedError(key: string | undefined): StoreError {
  const text = 'set: the source of this key is being changed right now, so nothing may be stored for it. The next load will.'
  return new StoreError('TIERCEL_FENCED', text, key === undefined ? { operation: 'set' } : { operation: 'set', key })
}
