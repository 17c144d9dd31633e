import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { checkSource } from '../sources/check-source.ts'
import type { Source } from '../sources/source.ts'
import type { BatchLoader } from './loader.ts'
import { fenceTimes } from './mutate.ts'
import { type Pending, pendingOf } from './pending-first.ts'
import type { ResourceLoader, WriteOptions } from './resource.ts'
import type { WriteTerms } from './resource-writes.ts'
import type { LoggedParams } from './write-log.ts'
import { behindWriter, throughWriter } from './writers.ts'

/** What a definition says of its source, not checked yet. */
export interface SourceGiven {
  readonly template: string
  readonly load: unknown
  readonly loadMany: unknown
  readonly source: unknown
  readonly write: unknown
  readonly batchSize: number
  /** The key on the server of a path. */
  readonly entryKeyOf: (path: string) => string
}

/** How a resource loads and writes. */
export interface SourceEnds {
  readonly load: Load | undefined
  readonly loadMany: LoadMany | undefined
  readonly write: WriteTerms | undefined
  /** What the source does not have yet. */
  readonly pending: Pending | undefined
  /** Tells a log of the source that it writes to. Throws at once when the log knows another by its name. */
  register(): void
}

type Load = ResourceLoader<LoggedParams, unknown>
type LoadMany = BatchLoader<LoggedParams, unknown>
type Members = Source<LoggedParams, unknown>
type Write = WriteOptions<LoggedParams, unknown>

const logged = new WeakMap<Write, Members>()
const members = ['load', 'loadMany', 'store', 'storeMany', 'remove'] as const
const writeNames = ['mode', 'checksSequences', 'store', 'storeMany', 'remove', 'fence', 'holdOff']
const behindNames = [...writeNames, 'log', 'name']

/**
 * Each function is the definition's own, or its source's.
 *
 * @throws {TIERCEL_INVALID_LOADER} {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_DURATION}
 */
export function sourceEnds(given: SourceGiven): SourceEnds {
  const write = checkWrite(given.write)
  const source = given.source === undefined ? {} : membersOf(checkSource(given.source as Members, 'resource: source'))
  const own = membersOf({ load: given.load, loadMany: given.loadMany, ...pick(write) } as Members)
  const all = { ...source, ...own, checksSequences: checksSequences(given.source as Members | undefined, write) } as Members
  const { load, loadMany } = all as { load?: Load; loadMany?: LoadMany }
  if (load === undefined && loadMany === undefined) {
    throw new UsageError('TIERCEL_INVALID_LOADER', 'resource: a load or loadMany function is needed, or a source that has one.')
  }
  if (write === undefined) return { load, loadMany, write: undefined, pending: undefined, register: () => {} }
  const canStore = all.store !== undefined || all.storeMany !== undefined
  const times = fenceTimes(write)
  if (write.mode === 'through') {
    if (!canStore) {
      throw new UsageError('TIERCEL_INVALID_LOADER', 'resource: write: a store or storeMany function is needed, or a source that has one.')
    }
    const writer = throughWriter(all, given.batchSize)
    return { load, loadMany, write: { writer, times, canRemove: all.remove !== undefined }, pending: undefined, register: () => {} }
  }
  const { log, name = given.template } = write
  return {
    load,
    loadMany,
    pending: pendingOf(log, name, given.entryKeyOf),
    // Whether what carries the log elsewhere can remove is not known here.
    write: { writer: behindWriter(log, name), times, canRemove: !canStore || all.remove !== undefined },
    register: () => {
      if (canStore) log.source(name, loggedAs(write, all))
    },
  }
}

/** Said of what writes: of the definition's own functions, or of the source's. */
function checksSequences(source: Members | undefined, write: Write | undefined): boolean {
  const isOwn = write !== undefined && (write.store ?? write.storeMany ?? write.remove) !== undefined
  return (isOwn ? write : source)?.checksSequences === true
}

/** The same for all declarations of one definition: a log takes a name to stand for one source. */
function loggedAs(write: Write, members: Members): Members {
  const known = logged.get(write)
  if (known !== undefined) return known
  logged.set(write, members)
  return members
}

/** Its functions, bound to it: a source may be an instance of a class. */
function membersOf(given: Members): Members {
  const found = members.flatMap((name) => {
    const member: unknown = given[name]
    if (member === undefined) return []
    if (typeof member === 'function') return [[name, member.bind(given)] as const]
    throw new UsageError('TIERCEL_INVALID_LOADER', `resource: ${name} must be a function, not ${show(member)}.`)
  })
  return Object.fromEntries(found)
}

function checkWrite(given: unknown): Write | undefined {
  if (given === undefined) return undefined
  checkOptionNames(given as object, behindNames, 'resource: write')
  const write = given as Write
  if (write.mode === 'through') {
    checkOptionNames(write, writeNames, "resource: write: mode 'through'")
    return write
  }
  if (write.mode !== 'behind') {
    throw new UsageError(
      'TIERCEL_INVALID_OPTION',
      `write: mode: ${show((write as { mode: unknown }).mode)} is not allowed. Allowed: 'through', 'behind'.`,
    )
  }
  const { log, name } = write
  if (typeof log?.append !== 'function' || typeof log.pending !== 'function' || typeof log.source !== 'function') {
    throw new UsageError('TIERCEL_INVALID_OPTION', `write: log: ${show(log)} is not allowed. Allowed: what createWriteBehind returns.`)
  }
  if (name !== undefined && (typeof name !== 'string' || !/^\S+$/.test(name))) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `write: name: ${show(name)} is not allowed. Allowed: text without spaces.`)
  }
  return write
}

function pick(write: Write | undefined): Pick<Members, 'store' | 'storeMany' | 'remove'> {
  return write === undefined ? {} : ({ store: write.store, storeMany: write.storeMany, remove: write.remove } as Members)
}
