import { UsageError } from '../kernel/errors.ts'
import { hashText } from '../kernel/hash.ts'
import { keyRoot } from '../kernel/key.ts'
import { show } from '../kernel/show.ts'

/**
 * The keys of a log. All that belongs to one partition is in one slot, `tc1:q:{<name>:<partition>}:` and
 *
 * - `s`: the stream of records that nobody has settled; an id is `<sequence>-0`, its fields are `k` (key) and `b` (body);
 * - `m`: a hash: `last` sequence, `bytes` in `s`, who owns the partition (`token`, `owner`, `until` in server ms), and counters;
 * - `p`: a hash from key to the sequence of its newest record, where records are indexed;
 * - `a`: a hash from sequence to what has been tried with it;
 * - `d`: the stream of dead letters.
 *
 * What belongs to the whole log is in `tc1:q:{<name>:}:`, `w` (a sorted set of workers by when they were last heard of) and `c` (how many partitions
 * there are). None of them expires. Wire version 1: processes of other versions read them.
 */
export interface PartitionKeys {
  readonly partition: number
  readonly stream: string
  readonly meta: string
  readonly pending: string
  readonly tries: string
  readonly dead: string
}

export function partitionKeys(name: string, partition: number): PartitionKeys {
  const root = `${keyRoot}:q:{${name}:${partition}}:`
  return { partition, stream: `${root}s`, meta: `${root}m`, pending: `${root}p`, tries: `${root}a`, dead: `${root}d` }
}

export function workersKey(name: string): string {
  return `${keyRoot}:q:{${name}:}:w`
}

export function configKey(name: string): string {
  return `${keyRoot}:q:{${name}:}:c`
}

/** The same in every process and version: records of a key are in one partition as long as there are that many. */
export function partitionOf(key: string, partitions: number): number {
  return hashText(key)[0] % partitions
}

const allowedName = /^[a-z0-9][a-z0-9_.-]{0,63}$/

/** @throws {TIERCEL_INVALID_OPTION} */
export function checkLogName(name: string): string {
  if (typeof name === 'string' && allowedName.test(name)) return name
  throw new UsageError(
    'TIERCEL_INVALID_OPTION',
    `name: ${show(name)} is not allowed. Allowed: 1 to 64 lower-case letters, digits, "_", "-" and ".", beginning with a letter or digit.`,
  )
}
