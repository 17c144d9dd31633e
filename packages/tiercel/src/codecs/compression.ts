/**
 * A compression makes bytes fewer, and back.
 *
 * An implementer promises: `decompress(compress(bytes), bytes.length)` equals `bytes`; `decompress` of anything else throws or returns
 * something, but never allocates much more than `sizeBytes`: the bytes come from a server and may be a bomb. Both are synchronous.
 */
export interface Compression {
  /** Written into every compressed entry: 64 to 255, never used again for another format. Lower ones are Tiercel's own. */
  readonly id: number
  /** For messages. */
  readonly name?: string
  /** Payloads of fewer bytes are stored as they are. Default: 4,096. */
  readonly minBytes?: number
  compress(bytes: Buffer): Uint8Array
  /**
   * @param sizeBytes of what was compressed, exactly; at most the cache's `maxValueBytes`
   * @throws anything: the reader treats it as a miss
   */
  decompress(bytes: Buffer, sizeBytes: number): Uint8Array
}

/** The numbers of Tiercel's own formats. None is ever given to another. */
export const compressionIds = { gzip: 1, brotli: 2, zstd: 3 } as const

export const defaultMinBytes = 4_096
