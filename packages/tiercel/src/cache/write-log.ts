import type { Source } from '../sources/source.ts'

/**
 * Where writes are acknowledged before the source has them: an ordered, durable log that somebody else carries to the source. What a cache
 * needs of it; `patterns/write-behind` is one.
 *
 * An implementer promises:
 *
 * - an append that resolved is not lost, within the durability that it names;
 * - the writes of one key reach the source in the order of their sequences, the newest last;
 * - from before an append resolves until the source has the write, or it was given up, `pending` answers with the newest write of its key, in
 *   every process; from then on a load of the source finds it;
 * - when a write is given up (its source refused it for good), what the cache holds of its key is deleted after the write has ceased to be pending.
 */
export interface WriteLog {
  /**
   * Tells where the writes of a name go. May be told again.
   * @throws {TIERCEL_TEMPLATE_CONFLICT} the name has another source already; {TIERCEL_UNSUPPORTED} it cannot be written to as the log would do it
   */
  source(name: string, source: Source<Readonly<Record<string, unknown>>, unknown>): void
  /**
   * Appends one write. Those of one turn of the event loop leave together.
   * @throws {TIERCEL_WRITES_FULL} too much is waiting for the source, and the log was told to refuse
   * @throws {TIERCEL_NOT_REPLICATED} it was appended, and is on fewer replicas than the log was told to wait for
   * @throws {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE} {TIERCEL_CLOSED} nothing was appended
   * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR} whether it was appended is not known
   */
  append(write: LoggedWrite): Promise<Appended>
  /** The newest write of a key that the source does not have yet. @throws as `append`, but for what is full */
  pending(name: string, path: string): Promise<PendingWrite | undefined>
}

export interface LoggedWrite {
  /** What the source is known by: a resource's key template. Has no space, and belongs to one source in all processes of a log. */
  readonly name: string
  /** The encoded path of the key: what is ordered. */
  readonly path: string
  /** The key of its entry on the cache's server: what is deleted when the write is given up. */
  readonly entryKey: string
  readonly params: Readonly<Record<string, unknown>>
  readonly change: WriteChange
}

export type WriteChange = { readonly kind: 'store'; readonly value: unknown } | { readonly kind: 'remove' }

export interface PendingWrite {
  readonly sequence: number
  readonly change: WriteChange
}

/** `logged`: it will reach the source. `written`: the log was full, was told to go through then, and the source has it. */
export interface Appended {
  readonly kind: 'logged' | 'written'
  readonly sequence: number
  readonly durability: Durability
}

/**
 * What an acknowledged write survives. `memory`: nothing but the process that wrote it. `aof-everysec`: the server's process dies; of the machine's death, but for
 * the last second. `aof-always`: the machine dies. `replicated(n)`: it is on n replicas as well. `source`: the source has it.
 */
export type Durability = 'memory' | 'aof-everysec' | 'aof-always' | `replicated(${number})` | 'source'
