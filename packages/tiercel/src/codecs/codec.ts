/**
 * A codec turns a value into bytes and back.
 *
 * An implementer promises: what `decode` returns equals what was given to `encode`, or `encode` refuses; `decode` of anything else throws
 * and touches nothing; neither keeps a reference to its argument. `undefined` is never given.
 */
export interface Codec {
  /** Written into every entry; 1 to 255, never used again for another format. */
  readonly id: number
  /**
   * The value as text (stored as UTF-8) or bytes.
   * @throws {TIERCEL_UNSERIALIZABLE_VALUE} naming the path inside the value that could not be kept
   */
  encode(value: unknown): string | Buffer
  /** @throws anything: the reader treats it as a miss */
  decode(bytes: Buffer, start: number): unknown
}
