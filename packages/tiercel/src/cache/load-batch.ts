import { types } from 'node:util'
import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import type { BatchLoadContext, BatchLoader, LoadContext } from './loader.ts'

export interface BatchBounds {
  /** Most keys of one call. */
  readonly maxKeys: number
  /** Longest time that one that asks waits for those that have not decided. */
  readonly windowMs: number
}

/** What a batch needs to know of its kind of key. */
export interface BatchTerms<Item> extends BatchBounds {
  /** Names the caller's function in messages: `getOrSetMany`. */
  readonly call: string
  readonly loadMany: BatchLoader<Item, unknown>
  /** The encoded path of a key of the Map that `loadMany` may return. */
  readonly pathOf: (mapKey: unknown) => string
  /** Calls it when it is its turn. */
  readonly loads: LoadRunner
}

/** Of those loads that load several keys by one call. */
export interface LoadRunner {
  /** Whether a loader of this cache asks. */
  readonly isInside: boolean
  run<T>(isInside: boolean, call: () => T | Promise<T>): Promise<T>
}

/** One key's place in a batch. */
export interface BatchPlace {
  /** The key's loader: asks at the batch. */
  readonly load: (context: LoadContext) => Promise<unknown>
  /** It will not ask, for now: there was a hit, or somebody else loads it. May be called twice, and after `load`. */
  readonly pass: () => void
}

interface Asking<Item> {
  /** A loader waits for it. */
  readonly isInside: boolean
  /** Of its place, so that a query has the order of its keys and not that of answers. */
  readonly at: number
  readonly item: Item
  readonly context: LoadContext
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Makes one call of `loadMany` of what several flights would load one by one.
 *
 * Each flight has a place, and decides there once it has read L2: it asks, or lets pass. The call leaves when the last has decided, so that
 * all that is missing makes one query although the answers of L2 come in several pieces; and at the latest a window after the first that
 * asked, so that none waits long for another. Who asks after that (the load it waited for had failed) leaves with those of the same turn of the
 * event loop.
 */
export class LoadBatch<Item> {
  readonly #terms: BatchTerms<Item>
  /** Places without a decision, and the batch itself while it is open. */
  #undecided = 1
  #places = 0
  #asking: Asking<Item>[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #leave = (): void => this.#callAll()

  constructor(terms: BatchTerms<Item>) {
    this.#terms = terms
  }

  add(item: Item): BatchPlace {
    this.#undecided += 1
    const at = this.#places++
    const { isInside } = this.#terms.loads
    let isDecided = false
    const pass = (): void => {
      if (isDecided) return
      isDecided = true
      this.#decided()
    }
    const load = (context: LoadContext): Promise<unknown> =>
      new Promise((resolve, reject) => {
        this.#asking.push({ isInside, at, item, context, resolve, reject })
        if (isDecided) this.#askedLate()
        pass()
        this.#limit()
      })
    return { load, pass }
  }

  /** No more places are taken. */
  close(): void {
    this.#decided()
  }

  #decided(): void {
    this.#undecided -= 1
    if (this.#undecided === 0) this.#callAll()
  }

  #askedLate(): void {
    if (this.#undecided === 0 && this.#asking.length === 1) process.nextTick(this.#leave)
  }

  /** Bounds how many wait for the rest, and how long. */
  #limit(): void {
    if (this.#asking.length >= this.#terms.maxKeys) this.#callAll()
    else if (this.#asking.length > 0 && this.#undecided > 0) this.#timer ??= setTimeout(this.#leave, this.#terms.windowMs).unref()
  }

  #callAll(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { maxKeys } = this.#terms
    const wanted = this.#asking
      .splice(0)
      .filter(isWanted)
      .sort((a, b) => a.at - b.at)
    for (let at = 0; at < wanted.length; at += maxKeys) void callLoadMany(this.#terms, wanted.slice(at, at + maxKeys))
  }
}

/** All callers of the key may have left while it waited for others. */
function isWanted({ context, reject }: Asking<unknown>): boolean {
  if (context.signal.aborted) reject(context.signal.reason)
  return !context.signal.aborted
}

/** Never rejects: what goes wrong is the result of those that asked. */
async function callLoadMany<Item>(terms: BatchTerms<Item>, asking: readonly Asking<Item>[]): Promise<void> {
  try {
    const items = asking.map(({ item }) => item)
    // One that waited for its turn could wait for the very loader that waits for it.
    const isInside = asking.some((each) => each.isInside)
    const context = new BatchContext(asking.map((each) => each.context))
    const entries = entriesOf(terms, asking, await terms.loads.run(isInside, () => terms.loadMany(items, context)))
    asking.forEach((each, at) => each.resolve(checked(entries[at])))
  } catch (error) {
    for (const { reject } of asking) reject(error)
  }
}

/** One entry for each that asked, in their order; `undefined` where there is none. */
function entriesOf<Item>(terms: BatchTerms<Item>, asking: readonly Asking<Item>[], loaded: unknown): readonly unknown[] {
  if (types.isMap(loaded)) {
    const byPath = new Map(Array.from(loaded, ([key, entry]) => [terms.pathOf(key), entry]))
    return asking.map(({ context }) => byPath.get(context.key))
  }
  if (Array.isArray(loaded) && loaded.length === asking.length) return loaded
  for (const entry of Array.isArray(loaded) ? loaded : []) Promise.resolve(entry).catch(() => undefined)
  throw new UsageError(
    'TIERCEL_INVALID_BATCH',
    `${terms.call}: loadMany was called for ${asking.length} keys and returned ${show(loaded)}. Return one entry per key, in their order, or a Map.`,
  )
}

/** One that has nothing to say for its key is refused by the flight, unless its context says that the source has none. */
async function checked(entry: unknown): Promise<unknown> {
  const value = await entry
  if (value instanceof Error) throw value
  return value
}

class BatchContext implements BatchLoadContext {
  readonly entries: readonly LoadContext[]
  #signal: AbortSignal | undefined

  constructor(entries: readonly LoadContext[]) {
    this.entries = entries
  }

  get signal(): AbortSignal {
    this.#signal ??= whenAllAbort(this.entries.map(({ signal }) => signal))
    return this.#signal
  }
}

function whenAllAbort(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController()
  let waiting = signals.length
  for (const signal of signals) {
    const leave = (): void => {
      waiting -= 1
      if (waiting === 0) controller.abort(signal.reason)
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  }
  return controller.signal
}
