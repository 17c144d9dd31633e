/**
 * A codec turns a value into bytes and back.
 *
 * An implementer promises: what `decode` returns equals what was given to `encode`, or `encode` refuses; `decode` of anything else throws
 * and touches nothing; neither keeps a reference to its argument, and what `decode` returns is new each time. `undefined` and `null` are
 * never given, except in plain mode, where `null` is.
 */
export interface Codec {
  /** Written into every entry: 64 to 255, never used again for another format. Lower ones are Tiercel's own. */
  readonly id: number
  /** For messages. */
  readonly name?: string
  /**
   * Whether `decode` returns only what JSON knows: null, booleans, numbers, text, arrays and plain objects. Such values can be frozen all
   * the way down, which spares a look at each. Default: false.
   */
  readonly isJsonLike?: boolean
  /**
   * The value as text (stored as UTF-8) or bytes.
   * @throws {TIERCEL_UNSERIALIZABLE_VALUE} naming the path inside the value that could not be kept; anything else that is thrown becomes
   *   the cause of one
   */
  encode(value: unknown): string | Uint8Array
  /** @throws anything: the reader treats it as a miss */
  decode(bytes: Buffer): unknown
  /** As `decode`, of what begins at `start`. Spares a view on the hot path. Default: `decode(bytes.subarray(start))`. */
  decodeAt?(bytes: Buffer, start: number): unknown
}

/** The numbers of Tiercel's own formats. None is ever given to another. */
export const codecIds = { json: 1, structured: 2, msgpackr: 3, superjson: 4 } as const

export const firstForeignId = 64
