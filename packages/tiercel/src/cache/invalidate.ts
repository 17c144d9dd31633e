import { staleMark, versionOffset } from '../codecs/envelope.ts'
import type { JournalKey } from '../coherence/journal.ts'
import { ServerError, StoreError, TiercelError } from '../kernel/errors.ts'
import { type Core, reportStoreFailure } from './core.ts'
import type { Entry } from './entry.ts'
import type { Scope } from './scope.ts'
import { beginWrite, endWrite } from './writes.ts'

/**
 * What became of an invalidation. `'applied'`: the server has confirmed it. `'queued'`: it could not be reached; this process serves nothing that the
 * invalidation covers, and applies it as soon as it can, before it reads anything over a new link. Other processes may serve the old value until then.
 */
export type InvalidationOutcome = 'applied' | 'queued'

export async function deleteEntries(core: Core, scope: Scope, paths: readonly string[]): Promise<InvalidationOutcome> {
  core.counters.deletes += paths.length
  const writes = paths.map((path) => beginWrite(scope, path))
  try {
    const keys = paths.map((path) => scope.journalEntry(path))
    return await apply(core, scope, keys, async (l2) => {
      if (keys.length > 0) await l2.deleteMany(keys.map(({ key }) => key))
    })
  } finally {
    paths.forEach((path, at) => {
      endWrite(scope, path, writes[at] as (typeof writes)[number])
    })
  }
}

/** Ends the fresh time of an entry now. Its new version keeps a refresh that began before from storing over it. */
export async function expireEntry(core: Core, scope: Scope, path: string): Promise<InvalidationOutcome> {
  if (core.l2 === undefined) {
    expireHere(core, scope, path)
    return 'applied'
  }
  const write = beginWrite(scope, path)
  try {
    const entry = scope.journalEntry(path)
    return await apply(core, scope, [entry], async (l2) => {
      await l2.overwrite(entry.key, versionOffset, staleMark())
    })
  } finally {
    endWrite(scope, path, write)
  }
}

function expireHere(core: Core, scope: Scope, path: string): void {
  const entry = scope.l1?.use(path) as Entry | undefined
  scope.overtakeLoads(path)
  if (entry === undefined || entry.deadAtMs <= entry.staleAtMs) scope.l1?.delete(path)
  else entry.goStale(core.nowMs())
}

/** Makes all that carries one of these tags invalid; the empty name is the namespace itself. */
export function bumpTags(core: Core, scope: Scope, names: readonly string[]): Promise<InvalidationOutcome> {
  core.counters.tagsInvalidated += names.length
  return changeTags(core, scope, names, () => scope.tags.bumpHere(names), 'close')
}

/** Makes all that carries one of these tags stale. */
export function ageTags(core: Core, scope: Scope, names: readonly string[]): Promise<InvalidationOutcome> {
  core.counters.tagsInvalidated += names.length
  return changeTags(core, scope, names, () => scope.tags.ageHere(names), 'age')
}

const namesPerCall = 100

async function changeTags(
  core: Core,
  scope: Scope,
  names: readonly string[],
  here: () => void,
  change: 'close' | 'age',
): Promise<InvalidationOutcome> {
  if (core.l2 === undefined) {
    here()
    return 'applied'
  }
  const tags = names.map((name) => scope.journalTag(name))
  const touch = (): void => {
    for (const { key } of tags) scope.tags.touch(key)
  }
  touch()
  try {
    return await apply(core, scope, tags, async (l2) => {
      const counter = scope.counterKey
      for (let from = 0; from < tags.length; from += namesPerCall) {
        const keys = tags.slice(from, from + namesPerCall).map(({ key }) => key)
        if (change === 'age') await l2.ageTags(keys, counter)
        else await l2.fence({ keys, counter, op: 'close', forMs: 0, ttlMs: fenceLifeMs })
      }
    })
  } finally {
    touch()
  }
}

/** Of what is left of others' fences on tags. */
export const fenceLifeMs = 600_000

/** Applies an invalidation, or leaves it to the journal. */
export async function apply(
  core: Core,
  scope: Scope,
  keys: readonly JournalKey[],
  change: (l2: NonNullable<Core['l2']>) => Promise<void>,
): Promise<InvalidationOutcome> {
  if (core.l2 === undefined) return 'applied'
  try {
    await change(core.l2)
    core.journal?.applied(keys)
    return 'applied'
  } catch (error) {
    reportStoreFailure(core, scope.name, 'delete', error)
    if (core.journal === undefined || !mayPass(error) || !core.journal.queue(keys)) throw error
    return 'queued'
  }
}

/** Answers that another server, or the same one a moment later, would not give. */
const passing = [
  'READONLY',
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'BUSY',
  'OOM',
  'MISCONF',
  'NOREPLICAS',
  'UNBLOCKED',
]

function mayPass(error: unknown): boolean {
  if (error instanceof ServerError) return passing.includes(error.reply)
  return error instanceof StoreError && TiercelError.is(error) && error.code !== 'TIERCEL_CLOSED'
}
