import type { Cache, LoadContext } from '../../src/cache/cache.ts'
import { createCache } from '../../src/cache/create-cache.ts'
import { decodeEntry } from '../../src/codecs/envelope.ts'
import type { Store } from '../../src/stores/store.ts'
import type { TestClock } from '../cache/test-clock.ts'
import { Scheduler, settled } from './scheduler.ts'
import { type Mechanism, SimServer, SimStore } from './sim-store.ts'

export interface Outcome {
  /** What must never be seen, in words. */
  readonly violations: readonly string[]
  readonly loads: number
  readonly trace: readonly string[]
}

export interface Plan {
  readonly seed: number
  /** A memory store on `clock`, or a real server. */
  readonly store: Store
  readonly clock: TestClock
  /** Whether the store's time is `clock`: a real server's cannot be moved. */
  readonly canPass: boolean
  readonly key: string
  readonly off?: Mechanism
}

const actions = 9
const leaseMs = 5_000

/**
 * Processes that read one key while its source changes, in one order of events out of very many.
 *
 * Whoever changes the source deletes (or expires) the key afterwards. From when that is confirmed, no read that starts may come to a value
 * from before the change; and when all is quiet, no such value is left.
 */
export async function overtaking(plan: Plan): Promise<Outcome> {
  return new Overtaking(plan).run()
}

class Overtaking {
  readonly #plan: Plan
  readonly #scheduler: Scheduler
  readonly #server: SimServer
  readonly #violations: string[] = []
  #source = 1
  /** Nothing older may be read. */
  #floor = 0
  /** Nothing older may be read as fresh. */
  #freshFloor = 0
  #loads = 0
  #running = 0
  /** Who joins a load of its own process may see what another process has changed less than a moment ago. */
  #sharesLoads = false

  constructor(plan: Plan) {
    this.#plan = plan
    this.#scheduler = new Scheduler(plan.seed)
    this.#server = new SimServer(plan.store, this.#scheduler)
  }

  async run(): Promise<Outcome> {
    await this.#prime()
    // Each action in a process of its own, or three processes that share loads among their callers.
    const members = Array.from({ length: this.#scheduler.random() < 0.5 ? actions : 3 }, (_, at) => this.#member(`p${at}`))
    this.#sharesLoads = members.length < actions
    for (let i = 0; i < actions; i += 1) void this.#act(members[i % members.length] as Member)
    const mayCrash = this.#plan.canPass && this.#scheduler.random() < 0.2
    let steps = 0
    while (this.#running > 0 || !this.#scheduler.isIdle) {
      steps += 1
      if (steps > 2_000) {
        this.#violations.push('it does not come to an end')
        break
      }
      if (mayCrash && steps === 12) this.#crash(members[0] as Member)
      if (this.#plan.canPass && this.#scheduler.random() < 0.03) this.#pass(700)
      if (this.#scheduler.isIdle) {
        // Only the lease of one who died may have to run out: all else is told to those who wait.
        if (!mayCrash) this.#violations.push('all wait, and nobody is woken')
        this.#pass(leaseMs + 1)
      }
      await this.#scheduler.step()
      await settled()
    }
    await this.#checkRest()
    return { violations: this.#violations, loads: this.#loads, trace: this.#scheduler.trace }
  }

  /** What is there at the beginning: nothing, a fresh value, a stale one. */
  async #prime(): Promise<void> {
    const kind = this.#scheduler.pick(3)
    const { store, clock, key } = this.#plan
    const cache = createCache({ l1: false, l2: store, clock, ttl: 1_000, grace: 20_000 })
    if (kind > 0) await cache.set(key, 1)
    if (kind > 1) await cache.expire(key)
  }

  #member(name: string): Member {
    const store = new SimStore(this.#server, name, this.#plan.off)
    const cache = createCache({
      l1: false,
      l2: store,
      clock: this.#plan.clock,
      ttl: 1_000,
      grace: 20_000,
      lease: leaseMs,
      graceBackoff: 100,
      random: this.#scheduler.random,
    })
    return { name, store, cache, open: 0, floor: 0 }
  }

  async #act(member: Member): Promise<void> {
    const { scheduler } = this.#server
    const kind = scheduler.pick(10)
    this.#running += 1
    member.open += 1
    await scheduler.turn(`${member.name} begins`)
    try {
      if (kind < 5) await this.#read(member, kind === 0)
      else if (kind < 6) await this.#peek(member)
      else if (kind < 9) await this.#change(member)
      else await this.#expire(member)
    } catch (error) {
      this.#violations.push(`${member.name} failed: ${String(error)}`)
    }
    if (member.store.isDead) return
    member.open -= 1
    this.#running -= 1
  }

  async #read({ name, cache, floor: own }: Member, forceFresh: boolean): Promise<void> {
    const [floor, source] = [this.#sharesLoads ? own : this.#floor, this.#source]
    const load = async (_context: LoadContext): Promise<number> => {
      this.#loads += 1
      const version = this.#source
      await this.#scheduler.turn(`${name} loaded ${version}`)
      return version
    }
    const value = await cache.getOrSet(this.#plan.key, load, forceFresh ? { forceFresh } : {})
    this.#check(name, value, forceFresh ? source : floor)
  }

  async #peek({ name, cache, floor: own }: Member): Promise<void> {
    const floor = this.#sharesLoads ? own : this.#floor
    const value = await cache.get<number>(this.#plan.key)
    if (value !== undefined) this.#check(name, value, floor)
  }

  async #change(member: Member): Promise<void> {
    this.#source += 1
    const version = this.#source
    await member.cache.delete(this.#plan.key)
    member.floor = Math.max(member.floor, version)
    this.#floor = Math.max(this.#floor, version)
    this.#freshFloor = Math.max(this.#freshFloor, version)
  }

  async #expire({ cache }: Member): Promise<void> {
    this.#source += 1
    const version = this.#source
    await cache.expire(this.#plan.key)
    this.#freshFloor = Math.max(this.#freshFloor, version)
  }

  #check(name: string, value: number, floor: number): void {
    if (value < floor) this.#violations.push(`${name} read ${value} after ${floor} was invalidated`)
  }

  #crash(member: Member): void {
    this.#running -= member.open
    member.store.isDead = true
  }

  #pass(ms: number): void {
    this.#scheduler.trace.push(`${ms} ms pass`)
    this.#plan.clock.nowMs += ms
    this.#server.wakeAll()
  }

  async #checkRest(): Promise<void> {
    const stored = `tc1:e::${this.#plan.key}`
    const bytes = await this.#plan.store.get(stored)
    if (bytes === undefined) return
    const decoded = decodeEntry(bytes, stored, undefined)
    if (decoded.kind === 'lease' && this.#plan.canPass) return
    if (decoded.kind !== 'value') {
      this.#violations.push(`what is left is a ${decoded.kind}`)
      return
    }
    const value = Number(bytes.subarray(decoded.entry.payloadStart).toString())
    if (value < this.#floor) this.#violations.push(`${value} is left after ${this.#floor} was invalidated`)
    if (value < this.#freshFloor && !decoded.entry.isMarkedStale)
      this.#violations.push(`${value} is left as fresh after ${this.#freshFloor} was expired`)
  }
}

interface Member {
  readonly name: string
  readonly store: SimStore
  readonly cache: Cache
  open: number
  /** What it has itself invalidated. */
  floor: number
}
