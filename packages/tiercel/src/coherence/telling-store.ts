import type { FenceOutcome, FenceStep, PutOutcome, Reader, Snap, Snapshot, Store, StoreEntry, Swap } from '../stores/store.ts'

/**
 * Told which keys this process has changed, or may have, once the store has answered and before the caller goes on. What it returns is waited for
 * by who sets or invalidates. Must neither throw nor reject.
 */
export type TellOwn = (keys: readonly string[], tags: readonly string[]) => Promise<void> | undefined

const none: readonly string[] = []

/** A store that says what was changed over it. What fails may have been executed. */
export class TellingStore implements Store {
  readonly specVersion = 1
  readonly name: string
  readonly readLagMs?: number
  readonly budgetMs?: number
  read?: NonNullable<Store['read']>
  readonly follow?: NonNullable<Store['follow']>
  readonly messages?: NonNullable<Store['messages']>
  readonly onLink?: NonNullable<Store['onLink']>
  readonly health?: NonNullable<Store['health']>
  readonly onBreaker?: NonNullable<Store['onBreaker']>
  readonly onAdvice?: NonNullable<Store['onAdvice']>
  readonly leftMs?: NonNullable<Store['leftMs']>
  readonly admin?: NonNullable<Store['admin']>
  readonly #store: Store
  readonly #tell: TellOwn
  readonly #end: () => void

  /** @param end what else ends with the store */
  constructor(store: Store, tell: TellOwn, end: () => void = () => undefined) {
    this.#end = end
    this.name = store.name
    this.#store = store
    this.#tell = tell
    if (store.readLagMs !== undefined) this.readLagMs = store.readLagMs
    if (store.budgetMs !== undefined) this.budgetMs = store.budgetMs
    if (store.read !== undefined) this.read = (key: string, reader: Reader, mayLag?: boolean) => store.read?.(key, reader, mayLag)
    if (store.follow !== undefined) this.follow = store.follow.bind(store)
    if (store.messages !== undefined) this.messages = store.messages
    if (store.onLink !== undefined) this.onLink = store.onLink.bind(store)
    if (store.health !== undefined) this.health = store.health.bind(store)
    if (store.onBreaker !== undefined) this.onBreaker = store.onBreaker.bind(store)
    if (store.onAdvice !== undefined) this.onAdvice = store.onAdvice.bind(store)
    if (store.leftMs !== undefined) this.leftMs = store.leftMs.bind(store)
    const admin = store.admin?.bind(store)
    if (admin !== undefined) this.admin = (prefix, onDeleted) => admin(prefix, (keys) => this.#deleted(keys, onDeleted))
  }

  get linkEpoch(): number {
    return this.#store.linkEpoch ?? 0
  }

  nowMs(): number {
    return this.#store.nowMs()
  }

  ready(): Promise<void> {
    return this.#store.ready()
  }

  get(key: string, mayLag?: boolean): Promise<Buffer | undefined> {
    return this.#store.get(key, mayLag)
  }

  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return this.#store.getMany(keys)
  }

  getHead(key: string): Promise<Buffer | undefined> {
    return this.#store.getHead(key)
  }

  /** A load that begins does not wait until others know of it. */
  async claim(entry: StoreEntry): Promise<Buffer | undefined> {
    const keys = [entry.key]
    const present = await this.#call(() => this.#store.claim(entry), keys)
    if (present === undefined) void this.#tell(keys, none)
    return present
  }

  async swap(swap: Swap): Promise<boolean> {
    const keys = [swap.key]
    const isDone = await this.#call(() => this.#store.swap(swap), keys)
    if (isDone) await this.#tell(keys, none)
    return isDone
  }

  setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]> {
    return this.#change(
      () => this.#store.setMany(entries),
      entries.map(({ key }) => key),
    )
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return this.#change(() => this.#store.deleteMany(keys), keys)
  }

  fence(step: FenceStep): Promise<readonly FenceOutcome[]> {
    const [keys, tags] = step.counter === undefined ? [step.keys, none] : [none, step.keys]
    return this.#change(() => this.#store.fence(step), keys, tags)
  }

  /** What it makes anew was gone, and makes nothing valid again. */
  snap(snap: Snap): Promise<Snapshot> {
    return this.#store.snap(snap)
  }

  ageTags(keys: readonly string[], counter: string): Promise<void> {
    return this.#change(() => this.#store.ageTags(keys, counter), none, keys)
  }

  overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    return this.#change(() => this.#store.overwrite(key, offset, bytes), [key])
  }

  /** Nobody who deletes many waits until others know of each. */
  #deleted(keys: readonly string[], onDeleted: (keys: readonly string[]) => void): void {
    onDeleted(keys)
    void this.#tell(keys, none)
  }

  close(): Promise<void> {
    this.#end()
    return this.#store.close()
  }

  async #change<T>(change: () => Promise<T>, keys: readonly string[], tags: readonly string[] = none): Promise<T> {
    const result = await this.#call(change, keys, tags)
    await this.#tell(keys, tags)
    return result
  }

  /** Who learns that it failed learns it at once. */
  async #call<T>(call: () => Promise<T>, keys: readonly string[], tags: readonly string[] = none): Promise<T> {
    try {
      return await call()
    } catch (error) {
      void this.#tell(keys, tags)
      throw error
    }
  }
}
