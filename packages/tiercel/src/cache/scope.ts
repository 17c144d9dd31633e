import { createHash } from 'node:crypto'
import type { JournalKey } from '../coherence/journal.ts'
import type { HeldToken } from '../coherence/tag.ts'
import { type TagContext, Tags } from '../coherence/tags.ts'
import { keyRoot } from '../kernel/key.ts'
import type { Partition } from '../stores/memory/arena.ts'
import { Changing } from './changing.ts'
import { Declarations } from './declarations.ts'
import type { Entry } from './entry.ts'
import type { Flight } from './flight.ts'
import type { Found } from './found.ts'

const maxStoredBytes = 1_024
/** No path contains a percent sign followed by this, so a hashed key meets no other. */
const hashMark = '%#'
/** What the keys of all entries begin with, and those of all tags. */
export const entryRoot: string = `${keyRoot}:e:`
export const tagRoot: string = `${keyRoot}:t:{`
/** What the channels begin with on which the processes tell each other of changes. */
export const busRoot: string = `${keyRoot}:b:`
const tagRootEnd = ':}'

export interface ScopeContext extends TagContext {
  /** Whether entries say which namespace's token they were stored under. */
  readonly canClear: boolean
}

/**
 * One namespace of a cache: its keys, and what is under way for them in this process.
 *
 * Stored keys read `tc1:e:<namespace>:<path>` for entries, `tc1:t:{<namespace>:}<tag>` for tags, which are all in one slot with the
 * counter of their bumps, `tc1:n:{<namespace>:}`, and `tc1:r:<namespace>:<version>` for the locks of refreshes.
 */
export class Scope {
  readonly name: string
  readonly l1: Partition | undefined
  /** Reads of L2 by path: joined by all who want the same key. */
  readonly reads: Map<string, ReadTicket> = new Map()
  /** Loads by path. */
  readonly flights: Map<string, Flight> = new Map()
  /** The newest write by path, while it is on its way to L2. */
  readonly writes: Map<string, Write> = new Map()
  /** Loads of this process that failed a moment ago, by path: what others are told in words is thrown here as it was. */
  readonly failures: Map<string, { readonly mark: Buffer; readonly error: unknown }> = new Map()
  /** Paths, and names of tags, whose source this process is changing. */
  readonly changing: Changing = new Changing()
  readonly changingTags: Changing = new Changing()
  /** Key templates that are taken. */
  readonly declarations: Declarations = new Declarations()
  readonly tags: Tags
  readonly counterKey: string
  /** What the keys of all entries of this namespace begin with, and no others. */
  readonly entryPrefix: string
  readonly #canClear: boolean
  readonly #tagPrefix: string
  readonly #lockPrefix: string

  constructor(name: string, l1: Partition | undefined, context: ScopeContext) {
    this.name = name
    this.#canClear = context.canClear
    this.l1 = l1
    this.entryPrefix = `${entryRoot}${name}:`
    this.#tagPrefix = `${tagRoot}${name}${tagRootEnd}`
    this.#lockPrefix = `${keyRoot}:r:${name}:`
    this.counterKey = `${keyRoot}:n:{${name}${tagRootEnd}`
    this.tags = new Tags(this, context)
  }

  /** The key on the server: readable, or by its hash when it would be longer than 1 KiB. */
  storedKey(path: string): StoredKey {
    const key = this.entryPrefix + path
    return fits(key) ? { key, echo: undefined } : { key: hashed(this.entryPrefix, path), echo: path }
  }

  /** Whether only a hash of the path is told of on the server. */
  isHashed(path: string): boolean {
    return path.length * 3 > maxStoredBytes - 512 && this.storedKey(path).echo !== undefined
  }

  /** Whether this process is changing the source of what is stored under a path, or with tags of these names. */
  isChanging(path: string, tags: readonly string[]): boolean {
    if (this.changing.size === 0 && this.changingTags.size === 0) return false
    return this.changing.has(path) || tags.some((name) => this.changingTags.has(name))
  }

  isChangingTokens(path: string, tokens: readonly HeldToken[]): boolean {
    if (this.changing.size === 0 && this.changingTags.size === 0) return false
    return this.changing.has(path) || tokens.some(({ name }) => this.changingTags.has(name))
  }

  /** The key of a tag; the empty name is the namespace itself. */
  tagKey(name: string): string {
    const key = this.#tagPrefix + name
    return fits(key) ? key : hashed(this.#tagPrefix, name)
  }

  tagNameOf(key: string): string | undefined {
    const name = key.slice(this.#tagPrefix.length)
    return name.startsWith(hashMark) ? undefined : name
  }

  /** The lock of those who would refresh an entry of this version. */
  refreshKey(version: Buffer): string {
    return this.#lockPrefix + version.toString('hex')
  }

  /** A path, as the journal keeps it. */
  journalEntry(path: string): JournalKey {
    return { key: this.storedKey(path).key, namespace: this.#journalNamespace() }
  }

  journalTag(name: string): JournalKey {
    return { key: this.tagKey(name), counter: this.counterKey, namespace: this.#journalNamespace() }
  }

  #journalNamespace(): JournalKey['namespace'] {
    if (!this.#canClear) return undefined
    return { key: this.tags.own.key, counter: this.counterKey }
  }

  /** The key was written or deleted in this process: nothing that is under way for it may be stored or joined any more. */
  overtake(path: string): void {
    this.overtakeLoads(path)
    this.l1?.delete(path)
  }

  overtakeLoads(path: string): void {
    this.#forgetRead(path)
    const flight = this.flights.get(path)
    if (flight !== undefined) {
      flight.overtake()
      this.flights.delete(path)
    }
  }

  /** The namespace is being cleared in this process. */
  overtakeAll(): void {
    for (const path of new Set([...this.reads.keys(), ...this.flights.keys()])) this.overtakeLoads(path)
    this.l1?.clear()
  }

  /** The key may have been changed, by whomever: what is known of it here has to be checked before it is used again. */
  touch(path: string): void {
    this.#forgetRead(path)
    this.flights.get(path)?.touch()
    const write = this.writes.get(path)
    if (write !== undefined) write.isTouched = true
    const entry = this.l1?.peek(path) as Entry | undefined
    entry?.doubt()
  }

  touchAll(): void {
    for (const path of [...this.reads.keys()]) this.#forgetRead(path)
    for (const flight of this.flights.values()) flight.touch()
    for (const write of this.writes.values()) write.isTouched = true
    this.tags.touchAll()
  }

  #forgetRead(path: string): void {
    const read = this.reads.get(path)
    if (read === undefined) return
    read.isOvertaken = true
    this.reads.delete(path)
  }
}

/** Most keys are so short that nobody has to count their bytes. */
function fits(key: string): boolean {
  return key.length * 3 <= maxStoredBytes || Buffer.byteLength(key) <= maxStoredBytes
}

function hashed(prefix: string, text: string): string {
  return `${prefix}${hashMark}${createHash('sha256').update(text).digest('base64url')}`
}

/** Where a stored key belongs: a namespace, and there an entry by its path or a tag. `undefined`: nowhere. */
export function partsOfKey(key: string): { readonly namespace: string; readonly path: string | undefined } | undefined {
  if (key.startsWith(entryRoot)) {
    const end = key.indexOf(':', entryRoot.length)
    return end < 0 ? undefined : { namespace: key.slice(entryRoot.length, end), path: key.slice(end + 1) }
  }
  if (!key.startsWith(tagRoot)) return undefined
  const end = key.indexOf(tagRootEnd, tagRoot.length)
  return end < 0 ? undefined : { namespace: key.slice(tagRoot.length, end), path: undefined }
}

export interface StoredKey {
  readonly key: string
  /** The path, to be kept in the header when `key` holds only its hash. */
  readonly echo: string | undefined
}

/** A read of L2 that is under way. */
export interface ReadTicket {
  readonly sentAtMs: number
  /** When the last who shares it came. */
  joinedAtMs: number
  /** How many changes of tags had been heard of. */
  readonly tagTouches: number
  isOvertaken: boolean
  found: Promise<Found>
}

/** A write of this process that is under way. */
export interface Write {
  /** Whether the key changed meanwhile, by this write itself or by another. */
  isTouched: boolean
}
