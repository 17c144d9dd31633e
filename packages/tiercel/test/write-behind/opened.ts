import type { Appended, LoggedWrite } from '../../src/cache/write-log.ts'
import {
  createWriteBehind,
  createWriteBehindWorker,
  type WriteBehind,
  type WriteBehindEvent,
  type WriteBehindOptions,
  type WriteBehindWorker,
  type WriteBehindWorkerOptions,
} from '../../src/patterns/write-behind/index.ts'
import type { Source } from '../../src/sources/source.ts'
import type { Ends } from '../integration/ends.ts'
import type { Params } from './memory-source.ts'

export const soon = { timeout: 30_000, interval: 10 }
/** Nothing is late because a machine was busy. */
export const patience = { timeout: '5s', connectTimeout: '10s' } as const
export const quick = { flushEvery: 10, retryAfter: 10, maxRetryAfter: 50, lease: '2s' } as const
export const template = 'row:{id}'

let count = 0

export function newName(): string {
  count += 1
  return `writes-${process.pid}-${count}`
}

export interface OpenLog {
  readonly log: WriteBehind
  readonly name: string
  readonly events: WriteBehindEvent[]
  put(id: number, value: unknown): Promise<Appended>
  remove(id: number): Promise<Appended>
}

/** A log of its own, unless it is given a name; closed at the end. */
export function openLog(url: object | string, ends: Ends, options: Partial<WriteBehindOptions> = {}): OpenLog {
  const name = options.name ?? newName()
  const log = createWriteBehind(url, { ...patience, name, partitions: 4, worker: quick, ...options })
  ends.push(() => log.close({ drainMs: 0 }))
  const events: WriteBehindEvent[] = []
  log.on((event) => void events.push(event))
  return {
    log,
    name,
    events,
    put: (id, value) => log.append(write(id, { kind: 'store', value })),
    remove: (id) => log.append(write(id, { kind: 'remove' })),
  }
}

export function openWorker(
  url: string,
  ends: Ends,
  options: Omit<WriteBehindWorkerOptions, 'sources'> & { readonly source: Source<Params, unknown> },
): WriteBehindWorker {
  const { source, ...rest } = options
  const worker = createWriteBehindWorker(url, { ...patience, partitions: 4, ...quick, ...rest, sources: { [template]: source as never } })
  ends.push(() => worker.close())
  return worker
}

export function write(id: number, change: LoggedWrite['change']): LoggedWrite {
  return { name: template, key: entryKeyOf(id), params: { id }, change }
}

export function entryKeyOf(id: number): string {
  return `tc1:e:shop:row:${id}`
}
