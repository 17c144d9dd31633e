import { DeadlineError, StoreError } from '../../src/kernel/errors.ts'
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
import { type LifeOf, type SimServer, TrackLink } from './sim-server.ts'

export interface Way {
  /** Whether commands are executed, and answered, in the order in which they were sent: by one server over one link. */
  readonly isOrdered: boolean
  /** How likely a command is given up before its answer comes. */
  readonly loss: number
}

const longestLifeMs = 1e9

/** One process's way to the server: a command is executed some time after it was sent, and answered some time after that. */
export class SimStore implements Store {
  readonly specVersion = 1
  readonly name = 'sim'
  /** Dead processes send nothing and hear nothing. */
  isDead = false
  linkEpoch = 1
  /** Until when the server keeps loads out, by who has changes under way. */
  readonly #fencedUntilMs: Map<string, number> = new Map()
  link: TrackLink | undefined
  readonly #server: SimServer
  readonly #process: string
  readonly #way: Way
  readonly #onLink: Set<() => void> = new Set()
  #isDown = false
  /** What has to be executed before anything else is. */
  #first: Promise<unknown> = Promise.resolve()
  #isFirst = false
  #sent: Promise<unknown> = Promise.resolve()
  #answered: Promise<unknown> = Promise.resolve()

  constructor(server: SimServer, process: string, way: Way = { isOrdered: false, loss: 0 }) {
    this.#server = server
    this.#process = process
    this.#way = way
  }

  nowMs(): number {
    return this.#server.store.nowMs()
  }

  async ready(): Promise<void> {}

  get(key: string): Promise<Buffer | undefined> {
    return this.#command(`get ${key}`, [], 0, (store) => store.get(key))
  }

  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)))
  }

  getHead(key: string): Promise<Buffer | undefined> {
    return this.#command(`head ${key}`, [], 0, (store) => store.getHead(key))
  }

  claim(entry: StoreEntry): Promise<Buffer | undefined> {
    return this.#command(`claim ${entry.key}`, [entry.key], entry.ttlMs, (store) => store.claim(entry))
  }

  swap(swap: Swap): Promise<boolean> {
    const what = swap.value === undefined ? 'nothing' : String.fromCharCode(swap.value[0] ?? 0)
    return this.#command(`swap ${swap.key} for ${what}`, [swap.key], swap.ttlMs, (store) => store.swap(swap))
  }

  setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]> {
    const keys = entries.map(({ key }) => key)
    return this.#command(`set ${keys}`, keys, entries[0]?.ttlMs ?? 1, (store) => store.setMany(entries))
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return this.#command(`delete ${keys}`, keys, 1, (store) => store.deleteMany(keys))
  }

  fence(step: FenceStep): Promise<readonly FenceOutcome[]> {
    const keys = step.counter === undefined ? step.keys : [...step.keys, step.counter]
    const change = `${step.keys} ${step.owner?.toString('hex')}`
    if (step.op === 'close') this.#fencedUntilMs.delete(change)
    return this.#command(`${step.op} ${step.keys}`, keys, step.ttlMs, (store) => {
      if (step.op === 'open') this.#fencedUntilMs.set(change, store.nowMs() + step.forMs)
      return store.fence(step)
    })
  }

  /** When the first fence of a change that is under way runs out, unless it is renewed. */
  get fencedUntilMs(): number {
    return this.isDead ? Number.POSITIVE_INFINITY : Math.min(...this.#fencedUntilMs.values())
  }

  snap(snap: Snap): Promise<Snapshot> {
    const keys = snap.tags.map(({ key }) => key)
    return this.#command(`snap ${keys}`, [...keys, snap.counter], longestLifeMs, (store) => store.snap(snap))
  }

  ageTags(keys: readonly string[], counter: string): Promise<void> {
    return this.#command(`age ${keys}`, [...keys, counter], 'as it was', (store) => store.ageTags(keys, counter))
  }

  overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    return this.#command(`overwrite ${key}`, [key], 'as it was', (store) => store.overwrite(key, offset, bytes))
  }

  async follow({ prefixes }: FollowOptions, listener: FeedListener): Promise<Feed> {
    const link = await this.#command(
      'follow',
      [],
      0,
      async () => new TrackLink(this.#server, this.#process, prefixes, this.#alive(listener)),
    )
    this.link = link
    return link
  }

  onLink(listener: () => void): () => void {
    this.#onLink.add(listener)
    return () => this.#onLink.delete(listener)
  }

  /** What was sent and not executed never will be; nothing can be sent. */
  goDown(): void {
    this.#isDown = true
    this.linkEpoch += 1
    this.#sent = Promise.resolve()
    this.#answered = Promise.resolve()
  }

  /** What is sent by those who hear of the new link is executed before anything else. */
  comeUp(): void {
    this.#isDown = false
    this.linkEpoch += 1
    this.#isFirst = true
    const sent: Promise<unknown>[] = []
    this.#first = new Promise<void>((resolve) => {
      this.#sentFirst = (executed) => sent.push(executed)
      for (const listener of this.#onLink) listener()
      this.#isFirst = false
      void Promise.all(sent).then(() => resolve())
    })
  }

  /** Once all that was sent with the new link has been executed. */
  async repaired(): Promise<void> {
    await this.#first
  }

  #sentFirst: (executed: Promise<unknown>) => void = () => undefined

  async close(): Promise<void> {}

  #alive(listener: FeedListener): FeedListener {
    const ifAlive =
      <Args extends unknown[]>(call: (...args: Args) => void) =>
      (...args: Args): void => {
        if (!this.isDead) call(...args)
      }
    return {
      onChange: ifAlive((keys) => listener.onChange(keys)),
      onDown: ifAlive(() => listener.onDown()),
      onUp: ifAlive(() => listener.onUp()),
    }
  }

  #command<T>(label: string, keys: readonly string[], lifeMs: LifeOf, execute: (store: Store) => Promise<T>): Promise<T> {
    if (this.isDead) return never()
    const said = `${this.#process} ${label.replace(/:r:([^:]*):\w+/, ':r:$1:version')}`
    const { scheduler } = this.#server
    const isLost = this.#way.loss > 0 && scheduler.chance(this.#way.loss)
    // A set that was given up is not executed late, and this one not at all.
    const executed = isLost && label.startsWith('set') ? never<T>() : this.#execute(said, keys, lifeMs, execute, isLost)
    if (this.#isFirst) this.#sentFirst(executed.catch(() => undefined))
    return this.#answer(said, executed, isLost)
  }

  async #execute<T>(
    said: string,
    keys: readonly string[],
    lifeMs: LifeOf,
    execute: (store: Store) => Promise<T>,
    isLost: boolean,
  ): Promise<T> {
    const { scheduler } = this.#server
    const epoch = this.linkEpoch
    if (!this.#isFirst) await this.#first
    const before = this.#sent
    const turn = (): Promise<void> => scheduler.turn(said)
    const place = this.#way.isOrdered && !isLost ? before.then(turn) : turn()
    if (this.#way.isOrdered && !isLost) this.#sent = place
    await place
    // A set that its process did not live to see is no better than one that was given up.
    if (this.isDead && said.includes(' set ')) return never()
    if ((this.#isDown || epoch !== this.linkEpoch) && !isLost) throw awayError()
    let result: { readonly value: T } | undefined
    let failure: unknown
    const done = this.#server
      .execute(keys, lifeMs, () => execute(this.#server.store))
      .then(
        (value) => {
          result = { value }
        },
        (error) => {
          failure = error
        },
      )
    scheduler.executing = done
    await done
    if (result === undefined) throw failure
    return result.value
  }

  async #answer<T>(said: string, executed: Promise<T>, isLost: boolean): Promise<T> {
    const { scheduler } = this.#server
    const epoch = this.linkEpoch
    if (isLost) {
      executed.catch(() => undefined)
      await scheduler.turn(`${said} is given up`)
      if (this.isDead) return never()
      throw new DeadlineError('TIERCEL_STORE_DEADLINE', 'given up', 1)
    }
    const settled = executed.then(
      () => undefined,
      () => undefined,
    )
    const before = this.#answered
    const turn = (): Promise<void> => scheduler.turn(`${said}: answer`)
    const place = this.#way.isOrdered ? Promise.all([settled, before]).then(turn) : settled.then(turn)
    if (this.#way.isOrdered) this.#answered = place
    await place
    if (this.isDead) return never()
    // It may have been in the socket already when the server died.
    if (epoch !== this.linkEpoch && !(this.#isDown && epoch === this.linkEpoch - 1)) {
      executed.catch(() => undefined)
      throw awayError()
    }
    return executed
  }
}

function awayError(): StoreError {
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', 'There is no link.')
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined)
}
