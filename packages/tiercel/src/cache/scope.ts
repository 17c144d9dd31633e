import { createHash } from 'node:crypto'
import type { Partition } from '../stores/memory/arena.ts'
import type { Flight } from './flight.ts'

/** The root of every key in a server. The digit is the wire version: two versions that cannot read each other never meet. */
const root = 'tc1'
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
  readonly #prefix: string

  constructor(name: string, l1: Partition | undefined) {
    this.name = name
    this.l1 = l1
    this.#prefix = `${root}:${name}:e:`
  }

  /** The key on the server: readable, or by its hash when it would be longer than 1 KiB. */
  storedKey(path: string): StoredKey {
    const key = this.#prefix + path
    if (key.length * 3 <= maxStoredBytes || Buffer.byteLength(key) <= maxStoredBytes) return { key, echo: undefined }
    return { key: `${this.#prefix}${hashMark}${createHash('sha256').update(path).digest('base64url')}`, echo: path }
  }

  /** The key was written or deleted in this process: nothing that is under way for it may be stored or joined any more. */
  overtake(path: string): void {
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
    this.l1?.delete(path)
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

/** What a read of all tiers came to. */
export type Found =
  | { readonly isHit: true; readonly value: unknown }
  /** `present`: the first bytes of what was there and not usable; empty when there was nothing; `undefined` when L2 could not say. */
  | { readonly isHit: false; readonly present: Buffer | undefined }
