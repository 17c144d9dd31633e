import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { FenceOutcome, FenceStep, PutOutcome, Snap, Snapshot, Store, StoreEntry, Swap } from '../../src/stores/store.ts'

type Verb = 'get' | 'getHead' | 'claim' | 'setMany' | 'swap' | 'deleteMany' | 'overwrite' | 'fence' | 'snap' | 'ageTags'

/**
 * A memory store whose calls can be held at a gate, before they are executed or before their answer is given, and made to fail: for tests
 * that force one order of events.
 */
export class GatedStore implements Store {
  readonly specVersion = 1
  readonly name = 'gated'
  readonly inner: Store
  readonly calls: string[] = []
  readonly #before: Map<Verb, Promise<void>> = new Map()
  readonly #after: Map<Verb, Promise<void>> = new Map()
  readonly #failures: Map<Verb, Error> = new Map()

  readonly follow?: NonNullable<Store['follow']>

  /**
   * @param inner shared by two caches, they are two processes on one server. Default: one of its own
   * @param isDeaf whether it tells of no changes
   */
  constructor(inner: Store = memoryStore(), isDeaf = false) {
    this.inner = inner
    if (!isDeaf && inner.follow !== undefined) this.follow = inner.follow.bind(inner)
  }

  /** Holds the calls of a verb until the returned function is called. */
  hold(verb: Verb, where: 'before' | 'after'): () => void {
    const gates = where === 'before' ? this.#before : this.#after
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    gates.set(verb, gate)
    return () => {
      if (gates.get(verb) === gate) gates.delete(verb)
      open()
    }
  }

  fail(verb: Verb, error: Error): void {
    this.#failures.set(verb, error)
  }

  mend(): void {
    this.#failures.clear()
  }

  nowMs(): number {
    return this.inner.nowMs()
  }

  ready(): Promise<void> {
    return this.inner.ready()
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#pass('get', () => this.inner.get(key))
  }

  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)))
  }

  claim(entry: StoreEntry): Promise<Buffer | undefined> {
    return this.#pass('claim', () => this.inner.claim(entry))
  }

  setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]> {
    return this.#pass('setMany', () => this.inner.setMany(entries))
  }

  swap(swap: Swap): Promise<boolean> {
    return this.#pass('swap', () => this.inner.swap(swap))
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return this.#pass('deleteMany', () => this.inner.deleteMany(keys))
  }

  overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    return this.#pass('overwrite', () => this.inner.overwrite(key, offset, bytes))
  }

  getHead(key: string): Promise<Buffer | undefined> {
    return this.#pass('getHead', () => this.inner.getHead(key))
  }

  fence(step: FenceStep): Promise<readonly FenceOutcome[]> {
    return this.#pass('fence', () => this.inner.fence(step))
  }

  snap(snap: Snap): Promise<Snapshot> {
    return this.#pass('snap', () => this.inner.snap(snap))
  }

  ageTags(keys: readonly string[], counter: string): Promise<void> {
    return this.#pass('ageTags', () => this.inner.ageTags(keys, counter))
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  async #pass<T>(verb: Verb, call: () => Promise<T>): Promise<T> {
    this.calls.push(verb)
    const after = this.#after.get(verb)
    await this.#before.get(verb)
    const failure = this.#failures.get(verb)
    if (failure !== undefined) throw failure
    const result = await call()
    await after
    return result
  }
}
