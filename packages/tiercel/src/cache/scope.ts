import { createHash } from 'node:crypto'
import { keyRoot } from '../kernel/key.ts'
import type { Partition } from '../stores/memory/arena.ts'
import { Declarations } from './declarations.ts'
import type { Flight } from './flight.ts'
import type { Found } from './found.ts'

const maxStoredBytes = 1_024
/** No path contains a percent sign followed by this, so a hashed key meets no other. */
const hashMark = '%#'

/**
 * One namespace of a cache: its keys, and what is under way for them in this process.
 *
 * Stored keys read `tc1:<namespace>:e:<path>`. `e` are entries; tags and counters will stand beside them.
 */
export class Scope {
  readonly name: string
  readonly l1: Partition | undefined
  /** Reads of L2 by path: joined by all who want the same key. */
  readonly reads: Map<string, ReadTicket> = new Map()
  /** Loads by path. */
  readonly flights: Map<string, Flight> = new Map()
  /** The newest write by path, while it is on its way to L2. */
  readonly writes: Map<string, object> = new Map()
  /** Loads of this process that failed a moment ago, by path: what others are told in words is thrown here as it was. */
  readonly failures: Map<string, { readonly mark: Buffer; readonly error: unknown }> = new Map()
  /** Key templates that are taken. */
  readonly declarations: Declarations = new Declarations()
  readonly #space: string
  readonly #prefix: string

  constructor(name: string, l1: Partition | undefined) {
    this.name = name
    this.l1 = l1
    this.#space = `${keyRoot}:${name}:`
    this.#prefix = `${this.#space}e:`
  }

  /** The key on the server: readable, or by its hash when it would be longer than 1 KiB. */
  storedKey(path: string): StoredKey {
    const key = this.#prefix + path
    if (key.length * 3 <= maxStoredBytes || Buffer.byteLength(key) <= maxStoredBytes) return { key, echo: undefined }
    return { key: `${this.#prefix}${hashMark}${createHash('sha256').update(path).digest('base64url')}`, echo: path }
  }

  /** The lock of those who would refresh an entry of this version. */
  refreshKey(version: Buffer): string {
    return `${this.#space}r:${version.toString('hex')}`
  }

  /** The key was written or deleted in this process: nothing that is under way for it may be stored or joined any more. */
  overtake(path: string): void {
    this.overtakeLoads(path)
    this.l1?.delete(path)
  }

  overtakeLoads(path: string): void {
    const read = this.reads.get(path)
    if (read !== undefined) {
      read.isOvertaken = true
      this.reads.delete(path)
    }
    const flight = this.flights.get(path)
    if (flight !== undefined) {
      flight.overtake()
      this.flights.delete(path)
    }
  }
}

export interface StoredKey {
  readonly key: string
  /** The path, to be kept in the header when `key` holds only its hash. */
  readonly echo: string | undefined
}

/** A read of L2 that is under way. */
export interface ReadTicket {
  isOvertaken: boolean
  found: Promise<Found>
}
