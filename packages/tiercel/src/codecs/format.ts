import type { Content, Decoded, DecodedEntry, EntryHead } from './envelope.ts'
import type { Holding } from './holding.ts'

/**
 * How values become the bytes of an entry, and back: built once from a cache's options. Reading never throws: whatever the bytes are, the
 * answer says what they turned out to be.
 */
export interface ValueFormat {
  /**
   * Whether what stands in a key says itself what it is, so that a lease, a fence or a stale mark can: else there is nothing but values, and
   * each process loads for itself.
   */
  readonly hasHeader: boolean
  /** The codec that writes. */
  readonly codecId: number
  /** The form in which values wait for their callers. */
  readonly values: Holding
  /** @throws {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE} */
  encode(value: unknown): string | Buffer
  /** What `encode` made, as it is held for callers: a copy of its own. */
  hold(payload: string | Buffer): unknown
  write(head: EntryHead, content: Content): Buffer
  /** @param nowMs the store's clock */
  readHead(bytes: Buffer, storedKey: string, echo: string | undefined, nowMs: number): Decoded
  /** The content of an entry that `readHead` accepted: also of a null or an absent, whose seal may not hold. */
  readValue(bytes: Buffer, entry: DecodedEntry, storedKey: string): Opened
}

/** A value as it is held for callers (`undefined` for absent), with its decoded size; or why there is none. */
export type Opened = { readonly value: unknown; readonly sizeBytes: number } | Rejection

export type Rejection = 'codec' | 'compression' | 'unsealed' | 'unknown-key' | 'forged' | 'too-large' | 'payload'
