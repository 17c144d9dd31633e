import { createCache } from '../../src/cache/create-cache.ts'
import { Acts, isExpected } from './acts.ts'
import { Floors } from './floors.ts'
import { Scheduler, settled } from './scheduler.ts'
import { SimServer } from './sim-server.ts'
import { SimStore } from './sim-store.ts'
import { lateTagOf, olderThan, Source, show } from './source.ts'
import { turn } from './steps.ts'
import { Verdicts } from './verdicts.ts'
import { boundMs, counterKey, entryKey, keys, leaseMs, type Member, type Plan, tagKey, tags, type World } from './world.ts'

export interface Outcome {
  /** What must never be seen, in words. */
  readonly violations: readonly string[]
  readonly loads: number
  readonly trace: readonly string[]
}

const mostSteps = 6_000
/** Of a real server, whose time nobody can move. */
const serverLeaseMs = 200

/**
 * Processes that read two keys with tags while the source changes under them in every way there is, in one order of events out of very many.
 *
 * Whoever changes the source invalidates. From when that is confirmed, no read that starts may come to a value from before the change, or where
 * a process trusts what it knows, none that starts the bound later; its own it sees at once. What is not committed is stored nowhere. And when all is
 * quiet and all deadlines have passed, nothing from before a change is left.
 */
export async function changing(plan: Plan): Promise<Outcome> {
  return new Changing(plan).run()
}

class Changing implements World {
  readonly plan: Plan
  readonly scheduler: Scheduler
  readonly source: Source = new Source()
  readonly verdicts: Verdicts
  readonly #server: SimServer
  readonly #acts: Acts
  readonly #members: Member[] = []
  /** How fast time passes. */
  readonly #haste: number
  #running = 0
  #hasCrashed = false

  constructor(plan: Plan) {
    this.plan = plan
    this.scheduler = new Scheduler(plan.seed, plan.aim === undefined ? [0, 0.03, 0.1][plan.seed % 3] : 0.08)
    this.verdicts = new Verdicts(plan, this.source, this.scheduler)
    this.#server = new SimServer(plan.store, this.scheduler)
    this.#acts = new Acts(this)
    this.#haste = [0.02, 0.06, 0.2][this.scheduler.pick(3)] as number
  }

  async run(): Promise<Outcome> {
    const { weather, hasL1 } = this.plan
    const actions = 7 + this.scheduler.pick(5) + (this.plan.aim === undefined ? 0 : 4)
    const isCold = !hasL1 && this.scheduler.chance(0.5)
    const way = { isOrdered: hasL1 || this.scheduler.chance(0.5), loss: weather === 'loss' ? 0.04 : 0 }
    const processes = isCold ? actions : 2 + this.scheduler.pick(2)
    for (let at = 0; at < processes; at += 1) this.#members.push(this.#member(`p${at}`, way, isCold))
    await this.#prime()
    for (let at = 0; at < actions; at += 1) void this.#act(this.#members[at % processes] as Member, at)
    await this.#play()
    await this.#calm()
    return { violations: this.verdicts.violations, loads: this.verdicts.loads, trace: this.scheduler.trace }
  }

  #member(name: string, way: { isOrdered: boolean; loss: number }, isCold: boolean): Member {
    const store = new SimStore(this.#server, name, way)
    const { clock, namespace, hasL1 } = this.plan
    const cache = createCache({
      l1: hasL1 ? { maxEntries: 10 } : false,
      l2: store,
      clock,
      namespace,
      ttl: this.#ttlMs,
      grace: 20_000,
      lease: this.plan.canPass ? leaseMs : serverLeaseMs,
      graceBackoff: 100,
      errorTtl: false,
      random: this.scheduler.random,
      coherence: { maxStaleness: boundMs },
    })
    return { name, store, cache, own: new Floors(), isCold, open: 0, locks: 0 }
  }

  get #ttlMs(): number {
    return this.plan.seed % 4 === 0 ? 800 : 100_000
  }

  /** What is there at the beginning: nothing, or values, fresh or stale, that some of the processes have read. */
  async #prime(): Promise<void> {
    const kind = this.scheduler.pick(3)
    if (kind === 0) return
    const member = this.#members[0] as Member
    const cache = member.isCold ? this.#member('first', { isOrdered: true, loss: 0 }, true).cache : member.cache
    const loads = Promise.all(
      keys.map((key) => cache.getOrSet(key, () => this.source.read(key), { tags: ['s', lateTagOf(this.source.read(key))] })),
    )
    await this.#until(loads)
    if (kind > 1) await this.#until(Promise.all(keys.map((key) => cache.expire(key))))
    await this.#until(cache.idle())
    this.scheduler.trace.push('— all begin')
  }

  async #until(work: Promise<unknown>): Promise<void> {
    let isOver = false
    void work.finally(() => {
      isOver = true
    })
    await settled()
    while (!isOver) await this.#step()
  }

  async #step(): Promise<void> {
    if (this.plan.canPass) this.plan.clock.stall(0.05)
    // What timers have begun while time passed.
    if (this.scheduler.isIdle) await settled()
    if (this.scheduler.isIdle) {
      this.#wait()
      await settled()
    }
    await this.scheduler.step()
  }

  /** Nothing can happen but that time passes. */
  #wait(): void {
    const { clock } = this.plan
    const nextAtMs = clock.nextAtMs
    if (nextAtMs === undefined) throw new Error('all wait, and nobody is ever woken')
    this.scheduler.trace.push(`${Math.round(nextAtMs - clock.nowMs)} ms pass, nothing else could happen`)
    this.verdicts.replicate(nextAtMs)
    clock.pass(Math.max(nextAtMs - clock.nowMs, 0))
  }

  async #play(): Promise<void> {
    const { weather, canPass } = this.plan
    const eventAt = 5 + this.scheduler.pick(this.plan.aim === undefined ? 120 : 1_000)
    for (let step = 0; this.#running > 0; step += 1) {
      if (step > mostSteps) return void this.verdicts.violations.push('it does not come to an end')
      if (weather === 'crash' && step === eventAt) this.crash(this.#anyone())
      if (weather === 'failover' && step === eventAt) await this.#failOver()
      if (weather === 'failover' && this.scheduler.chance(0.1)) this.#server.replicate()
      if (weather === 'cut links' && this.scheduler.chance(0.03)) this.#cutLink()
      if (weather === 'slow links' && this.scheduler.chance(0.1)) this.#slowLink()
      if (weather === 'eviction' && this.scheduler.chance(0.04)) await this.#server.evict(this.#anyKey())
      if (canPass && this.scheduler.chance(this.#haste)) this.#pass(50 + this.scheduler.pick(700))
      try {
        await this.#step()
      } catch (error) {
        return void this.verdicts.violations.push(String(error))
      }
    }
  }

  #anyKey(): string {
    const { plan } = this
    const all = [...keys.map((key) => entryKey(plan, key)), ...['', ...tags].map((tag) => tagKey(plan, tag)), counterKey(plan)]
    return all[this.scheduler.pick(all.length)] as string
  }

  /** No process is frozen for so long that its fences would run out. */
  #pass(ms: number): void {
    for (let left = ms; left > 0; left -= 50) {
      if (this.#members.some(({ store }) => store.fencedUntilMs <= this.plan.store.nowMs() + 50)) return
      this.scheduler.trace.push('50 ms pass')
      this.verdicts.replicate(this.plan.clock.nowMs + 50)
      this.plan.clock.pass(50)
    }
  }

  crash(victim: Member): void {
    if (this.#hasCrashed) return
    this.#hasCrashed = true
    this.scheduler.trace.push(`${victim.name} dies`)
    this.#running -= victim.open
    victim.store.isDead = true
    this.source.locks -= victim.locks
  }

  /** Nothing comes through any more; the client may notice, or nobody but who gets no answer. */
  #cutLink(): void {
    const { name, store } = this.#anyone()
    this.scheduler.trace.push(`nothing reaches ${name}`)
    if (this.scheduler.chance(0.5)) void store.link?.renew()
    else store.link?.lose()
  }

  #slowLink(): void {
    const { name, store } = this.#anyone()
    const { link } = store
    if (link === undefined) return
    this.scheduler.trace.push(`${name} hears ${link.isStalled ? 'again' : 'nothing for a while'}`)
    if (link.isStalled) link.flow()
    else link.isStalled = true
  }

  #anyone(): Member {
    return this.#members[this.scheduler.pick(this.#members.length)] as Member
  }

  async #failOver(): Promise<void> {
    this.scheduler.trace.push('the server dies')
    await this.#server.failOver()
    for (const member of this.#members) {
      this.verdicts.unrepaired += 1
      member.store.goDown()
      void this.#comeUp(member)
    }
  }

  async #comeUp({ name, store }: Member): Promise<void> {
    await this.scheduler.turn(`${name} has a new link`)
    store.comeUp()
    void store.link?.renew()
    await store.repaired()
    this.verdicts.unrepaired -= 1
  }

  async #act(member: Member, at: number): Promise<void> {
    this.#running += 1
    member.open += 1
    await turn(this, member, `${member.name} begins ${at}`)
    try {
      await this.#acts.anything(member)
      if (this.plan.hasL1) await this.#acts.anything(member)
    } catch (error) {
      if (!isExpected(error))
        this.verdicts.violations.push(`${member.name} failed: ${error instanceof Error ? error.stack : String(error)}`)
    }
    if (member.store.isDead) return
    member.open -= 1
    this.#running -= 1
  }

  /** All is done: what is left when all deadlines have passed, and what everybody reads then. */
  async #calm(): Promise<void> {
    if (this.verdicts.violations.length > 0) return
    this.scheduler.trace.push('— all are done')
    const { clock, canPass } = this.plan
    try {
      for (let step = 0; !this.scheduler.isIdle && step < mostSteps; step += 1) await this.#step()
      for (let slice = 0; canPass && slice < 100; slice += 1) {
        this.verdicts.replicate(clock.nowMs + 150)
        clock.pass(150)
        await settled()
        for (let step = 0; !this.scheduler.isIdle && step < mostSteps; step += 1) await this.#step()
      }
      if (this.plan.weather !== 'lag' || canPass) await this.verdicts.checkRest()
      await this.#checkReads()
    } catch (error) {
      this.verdicts.violations.push(String(error))
    }
  }

  async #checkReads(): Promise<void> {
    if (!this.plan.canPass) return
    const alive = this.#members.filter(({ store }) => !store.isDead)
    const reads = alive.flatMap((member) =>
      keys.map(async (key) => {
        const value = await member.cache.getOrSet(key, () => this.source.read(key), { tags: ['s', lateTagOf(this.source.read(key))] })
        const old = olderThan(value, this.verdicts.rest.now())
        if (!this.source.isCommitted(value))
          this.verdicts.violations.push(`S2: at last ${member.name} read ${show(value)}, which was not committed`)
        if (old.length > 0) this.verdicts.violations.push(`S4: at last ${member.name} read ${show(value)} although there is newer (${old})`)
      }),
    )
    await this.#until(Promise.all(reads))
  }
}
