/**
 * A source is the system of record behind a cache: where values are loaded from, and where they are written to.
 *
 * An implementer promises, for each member that is there:
 *
 * - what resolves has been committed: whoever loads afterwards gets it, or something newer;
 * - what rejects may have been committed or not. The error is handed on as it is;
 * - parameters are never mixed up: what is loaded under some belongs to them alone;
 * - `null` is what a key has that the source does not;
 * - a write may come again, with the sequence that it had (write-behind, after a crash): a source with a place for the sequence leaves alone what is
 *   newer, and the helpers of each source do; one without repeats the write, which is right where writes are whole rows and nobody else writes;
 * - `signal`, once it has fired, means that nobody will take the result: work may be given up, and what was not begun must not be.
 *
 * Every member is optional. Missing `load`: `loadMany` of one. Missing `loadMany`: `load` of each. Missing `storeMany`: `store` of each, and the
 * other way round. Missing `remove`: values cannot be removed, and asking for it is refused with `TIERCEL_UNSUPPORTED`.
 *
 * Defined by the suite `test/conformance/source.suite.ts`.
 */
export interface Source<Params, T> {
  /**
   * Whether a write with a sequence older than the one that is stored is left alone, by each of `store`, `storeMany` and `remove`. Without it, a write that comes late, from a process that
   * was taken for dead, may be put over a newer one. Default: false.
   */
  readonly checksSequences?: boolean
  /** The value of one key; `null`: there is none. */
  load?(params: Params, context: SourceContext): T | null | Promise<T | null>
  /**
   * The values of several keys, none twice.
   * @returns one per key, in their order: the value, `null` for none, or the error of that key alone
   */
  loadMany?(list: readonly Params[], context: SourceContext): readonly (T | null | Error)[] | Promise<readonly (T | null | Error)[]>
  /** Commits the value of one key, whether there was one or not. What is returned is ignored. */
  store?(params: Params, value: T, context: WriteContext): unknown
  /**
   * Commits the values of several keys, none twice; not one transaction unless the source makes it one.
   * @returns nothing when all are committed; else one per write, in their order: its error, or `undefined` where it was committed
   */
  storeMany?(writes: readonly SourceWrite<Params, T>[], context: SourceContext): StoreManyResult | Promise<StoreManyResult>
  /** Removes one key; no error when there was none. What is returned is ignored. */
  remove?(params: Params, context: WriteContext): unknown
}

export interface SourceContext {
  readonly signal: AbortSignal
}

export interface WriteContext extends SourceContext {
  /**
   * With the key, what tells this write from all others: whole, positive, below 2^53. Of two writes of a key, the later one has the larger, and it
   * comes again when its write does. `undefined`: written through, while the caller waits; it counts as newer than all that was written, and never comes again.
   */
  readonly sequence: number | undefined
}

export interface SourceWrite<Params, T> {
  readonly params: Params
  readonly value: T
  /** As in `WriteContext`. */
  readonly sequence: number | undefined
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing says that all went well
export type StoreManyResult = void | readonly (Error | undefined)[]
