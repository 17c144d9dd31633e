import type {
  Feed,
  FeedListener,
  FenceOutcome,
  FenceStep,
  FollowOptions,
  PutOutcome,
  Snap,
  Snapshot,
  Store,
  StoreEntry,
  Swap,
} from '../../src/stores/store.ts'
import { type Scheduler, settled } from './scheduler.ts'

/** Mechanisms of the protocol that a test switches off, to see that it would notice. */
export type Mechanism = 'lease' | 'version fence' | 'shared error' | 'refresh lock'

/** What several processes share: one server, and its pushes. */
export class SimServer {
  readonly store: Store
  readonly scheduler: Scheduler
  readonly #followers: Set<{ readonly prefixes: readonly string[]; readonly listener: FeedListener }> = new Set()

  constructor(store: Store, scheduler: Scheduler) {
    this.store = store
    this.scheduler = scheduler
  }

  follow(prefixes: readonly string[], listener: FeedListener): Feed {
    const follower = { prefixes, listener }
    this.#followers.add(follower)
    return { isLocal: true, prove: async () => undefined, close: async () => void this.#followers.delete(follower) }
  }

  /** Each process hears of it in its own time. */
  changed(key: string): void {
    for (const { prefixes, listener } of this.#followers) {
      if (prefixes.some((prefix) => key.startsWith(prefix))) this.scheduler.later(`push ${key}`, () => listener.onChange([key]))
    }
  }

  /** As if all timers had come to their end. */
  wakeAll(): void {
    for (const { listener } of this.#followers) listener.onChange(null)
  }
}

/** One process's way to the server: a command is executed some time after it was sent, and answered some time after that. */
export class SimStore implements Store {
  readonly specVersion = 1
  readonly name = 'sim'
  /** Dead processes send nothing and hear nothing. */
  isDead = false
  readonly #server: SimServer
  readonly #process: string
  readonly #off: Mechanism | undefined

  constructor(server: SimServer, process: string, off?: Mechanism) {
    this.#server = server
    this.#process = process
    this.#off = off
  }

  nowMs(): number {
    return this.#server.store.nowMs()
  }

  async ready(): Promise<void> {}

  get(key: string): Promise<Buffer | undefined> {
    return this.#command(`get ${key}`, () => this.#server.store.get(key))
  }

  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)))
  }

  claim(entry: StoreEntry): Promise<Buffer | undefined> {
    const isLock = entry.key.includes(':r:')
    return this.#change(`claim ${entry.key}`, entry.key, async () => {
      if (this.#off === (isLock ? 'refresh lock' : 'lease')) {
        const present = await this.#server.store.get(entry.key)
        if (present !== undefined && present[0] !== 0x4c) return present
        await this.#server.store.setMany([entry])
        return undefined
      }
      return this.#server.store.claim(entry)
    })
  }

  swap(swap: Swap): Promise<boolean> {
    const { key, value, ttlMs } = swap
    return this.#change(`swap ${key}`, key, async () => {
      const isError = value?.[0] === 0x45
      const isUnfenced = this.#off === (swap.isWhole ? 'lease' : 'version fence')
      if (this.#off === 'shared error' && isError) return this.#server.store.swap({ ...swap, value: undefined })
      if (isUnfenced && value?.[0] === 0x56) {
        await this.#server.store.setMany([{ key, value, ttlMs }])
        return true
      }
      return this.#server.store.swap(swap)
    })
  }

  setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]> {
    return this.#change('set', entries[0]?.key ?? '', () => this.#server.store.setMany(entries))
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return this.#change(`delete ${keys[0]}`, keys[0] ?? '', () => this.#server.store.deleteMany(keys))
  }

  overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    return this.#change(`overwrite ${key}`, key, () => this.#server.store.overwrite(key, offset, bytes))
  }

  getHead(key: string): Promise<Buffer | undefined> {
    return this.#command(`head ${key}`, () => this.#server.store.getHead(key))
  }

  async fence(step: FenceStep): Promise<readonly FenceOutcome[]> {
    const outcomes = await this.#command(`${step.op} ${step.keys[0]}`, async () => {
      const done = await this.#server.store.fence(step)
      for (const key of step.keys) this.#server.changed(key)
      return done
    })
    return outcomes
  }

  snap(snap: Snap): Promise<Snapshot> {
    return this.#command(`snap ${snap.tags[0]?.key}`, () => this.#server.store.snap(snap))
  }

  ageTags(keys: readonly string[], counter: string): Promise<void> {
    return this.#change(`age ${keys[0]}`, keys[0] ?? '', () => this.#server.store.ageTags(keys, counter))
  }

  async follow({ prefixes }: FollowOptions, listener: FeedListener): Promise<Feed> {
    const onChange = (keys: readonly string[] | null): void => {
      if (!this.isDead) listener.onChange(keys)
    }
    return this.#server.follow(prefixes, { ...listener, onChange })
  }

  async close(): Promise<void> {}

  #change<T>(label: string, key: string, execute: () => Promise<T>): Promise<T> {
    return this.#command(label, async () => {
      const result = await execute()
      this.#server.changed(key)
      return result
    })
  }

  async #command<T>(label: string, execute: () => Promise<T>): Promise<T> {
    const { scheduler } = this.#server
    if (this.isDead) return never()
    const said = label.replace(/:r:([^:]*):\w+/, ':r:$1:version')
    await scheduler.turn(`${this.#process} ${said}`)
    let result: { readonly value: T } | undefined
    let failure: unknown
    const done = execute().then(
      (value) => {
        result = { value }
      },
      (error) => {
        failure = error
      },
    )
    // The step is over when the server has executed it.
    scheduler.executing = done.then(settled)
    await done
    await scheduler.turn(`${this.#process} answer to ${said}`)
    if (this.isDead) return never()
    if (result === undefined) throw failure
    return result.value
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined)
}
