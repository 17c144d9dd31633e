import { decodeFence, fenceByte } from '../../src/codecs/fence.ts'
import type { Feed, FeedListener, Store } from '../../src/stores/store.ts'
import { force } from './force.ts'
import type { Scheduler } from './scheduler.ts'

const foreverMs = 1e9

/** What is said over a link on which a process hears of changes, in this order. */
type Item =
  | { readonly kind: 'push'; readonly key: string; readonly at: number }
  | { readonly kind: 'pong'; readonly resolve: () => void }
  | { readonly kind: 'up' }

interface Content {
  readonly bytes: Buffer
  readonly endsAtMs: number
}

/** One server, what it tells those who follow its changes, and what becomes of it. */
export class SimServer {
  readonly store: Store
  readonly scheduler: Scheduler
  readonly links: Set<TrackLink> = new Set()
  /** How many commands it has executed. */
  executed = 0
  /** What it holds, for the server that may have to take its place. */
  readonly #contents: Map<string, Content> = new Map()
  #replicated: Map<string, Content> | undefined

  constructor(store: Store, scheduler: Scheduler) {
    this.store = store
    this.scheduler = scheduler
  }

  /** Executes a command, and tells of the keys that are not what they were. */
  async execute<T>(keys: readonly string[], lifeMs: LifeOf, command: () => Promise<T>): Promise<T> {
    this.executed += 1
    const before = await this.#read(keys)
    const result = await command()
    const after = await this.#read(keys)
    keys.forEach((key, at) => {
      if (isSame(before[at], after[at])) return
      this.#note(key, after[at], lifeMs)
      this.#tell(key)
    })
    return result
  }

  /** As a server does that is short of memory, or a time that runs out without a word. */
  async evict(key: string): Promise<void> {
    const present = await this.store.get(key)
    if (present === undefined) return
    this.scheduler.trace.push(`${key} is evicted`)
    await force(this.store, key, undefined, 1)
    this.#contents.delete(key)
    this.#tell(key)
  }

  /** All that was executed so far is known to the successor. */
  replicate(): void {
    this.#replicated = new Map(this.#contents)
  }

  /** The successor takes over. Nobody is told of what it does not have. */
  async failOver(): Promise<void> {
    const nowMs = this.store.nowMs()
    const kept = this.#replicated ?? new Map<string, Content>()
    for (const key of new Set([...this.#contents.keys(), ...kept.keys()])) {
      const content = kept.get(key)
      const leftMs = (content?.endsAtMs ?? 0) - nowMs
      await force(this.store, key, leftMs > 0 ? content?.bytes : undefined, Math.max(leftMs, 1))
    }
    this.#contents.clear()
    for (const [key, content] of kept) this.#contents.set(key, content)
    for (const link of this.links) link.lose()
  }

  #read(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.store.get(key)))
  }

  #note(key: string, bytes: Buffer | undefined, lifeMs: LifeOf): void {
    if (bytes === undefined) return void this.#contents.delete(key)
    const nowMs = this.store.nowMs()
    const kept = this.#contents.get(key)?.endsAtMs ?? nowMs + foreverMs
    const isFence = bytes[0] === fenceByte && !key.includes(':t:')
    const fenceEndsAtMs = isFence ? Math.max(...decodeFence(bytes).items.map(({ deadlineMs }) => deadlineMs)) : 0
    const life = lifeMs === 'as it was' ? kept : nowMs + lifeMs
    this.#contents.set(key, { bytes, endsAtMs: isFence ? fenceEndsAtMs : life })
  }

  #tell(key: string): void {
    for (const link of this.links) link.push(key, this.executed)
  }
}

/** Of what a command stores, in ms. */
export type LifeOf = number | 'as it was'

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other)
}

/** The link on which one process hears of changes, in its own time, but in their order. */
export class TrackLink implements Feed {
  readonly isLocal: boolean = false
  readonly #server: SimServer
  readonly #process: string
  readonly #prefixes: readonly string[]
  readonly #listener: FeedListener
  /** Nothing comes through, and nobody says so. */
  #isLost = false
  /** What was said is on its way, and stays there. */
  isStalled = false
  #items: Item[] = []

  constructor(server: SimServer, process: string, prefixes: readonly string[], listener: FeedListener) {
    this.#server = server
    this.#process = process
    this.#prefixes = prefixes
    this.#listener = listener
    server.links.add(this)
  }

  push(key: string, at: number): void {
    if (this.#prefixes.some((prefix) => key.startsWith(prefix))) this.#say({ kind: 'push', key, at })
  }

  /** Its answer may overtake what was said since it was sent: a server answers first what it was asked last. */
  async prove(): Promise<void> {
    const { scheduler } = this.#server
    const sentAt = this.#server.executed
    await scheduler.turn(`${this.#process} is asked after`)
    return new Promise((resolve) => {
      let place = this.#items.length
      for (let last = this.#items[place - 1]; last?.kind === 'push' && last.at > sentAt && scheduler.chance(0.5); ) {
        place -= 1
        last = this.#items[place - 1]
      }
      this.#say({ kind: 'pong', resolve }, place)
    })
  }

  async close(): Promise<void> {
    this.lose()
    this.#server.links.delete(this)
  }

  lose(): void {
    this.#isLost = true
    this.#items = []
  }

  /** What was lost is noticed by the client, which makes a new link. */
  async renew(): Promise<void> {
    const { scheduler } = this.#server
    this.lose()
    await scheduler.turn(`${this.#process} notices`)
    this.#listener.onDown()
    await scheduler.turn(`${this.#process} follows again`)
    if (!this.#server.links.has(this)) return
    this.#isLost = false
    this.#say({ kind: 'up' })
  }

  /** What was held back comes through. */
  flow(): void {
    this.isStalled = false
    for (const _ of this.#items) this.#plan()
  }

  #say(item: Item, place = this.#items.length): void {
    if (this.#isLost) return
    this.#items.splice(place, 0, item)
    if (!this.isStalled) this.#plan()
  }

  #plan(): void {
    this.#server.scheduler.later(`${this.#process} hears`, () => this.#hear())
  }

  #hear(): void {
    const item = this.#items.shift()
    if (item === undefined) return
    if (item.kind === 'up') this.#listener.onUp()
    else if (item.kind === 'pong') item.resolve()
    else {
      this.#server.scheduler.trace.push(`  of ${item.key}`)
      this.#listener.onChange([item.key])
    }
  }
}
