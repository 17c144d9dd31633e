import { Acts, isExpected } from './acts.ts'
import { Describer } from './describe.ts'
import { type Surroundings, startMember } from './member.ts'
import type { Plan } from './plan.ts'
import { type Pace, Scheduler, settled } from './scheduler.ts'
import { Servers } from './servers.ts'
import { lateTagOf, olderThan, Source, show } from './source.ts'
import { outstandingMs, turn } from './steps.ts'
import { brew } from './storms.ts'
import { Verdicts } from './verdicts.ts'
import { weaken } from './weakened.ts'
import { boundMs, budgetMs, keys, type Member, type World } from './world.ts'

export interface Outcome {
  /** What must never be seen, in words. */
  readonly violations: readonly string[]
  readonly loads: number
  /** Events. */
  readonly steps: number
  /** Virtual time. */
  readonly forMs: number
  /** What happened; empty unless the plan asked for it. */
  readonly trace: readonly string[]
}

const mostSteps = 40_000
/** Leases, fences and hold-offs have passed by then. */
const calmMs = 5_000
/** By then breakers have closed and nothing is queued. */
const longestCalmMs = 120_000
const drainMs = 1_000

/**
 * Processes that read two keys with tags while the source changes under them in every way there is, in one order of events out of very many.
 *
 * Whoever changes the source invalidates. From when that is confirmed, no read that starts may come to a value from before the change, or where
 * a process trusts what it knows, none that starts the bound later; its own it sees at once. What is not committed is stored nowhere. A read ends, with a
 * value, whatever becomes of the server. And when all is quiet and all deadlines have passed, nothing from before a change is left.
 */
export async function changing(plan: Plan): Promise<Outcome> {
  return new Changing(plan).run()
}

class Changing implements World {
  readonly plan: Plan
  readonly scheduler: Scheduler
  readonly servers: Servers
  readonly source: Source = new Source()
  readonly verdicts: Verdicts
  readonly members: Member[] = []
  running = 0
  readonly #acts: Acts
  readonly #around: Surroundings
  #hasCrashed = false

  constructor(plan: Plan) {
    this.plan = plan
    const { seed, weather } = plan
    const isTracing = plan.isTracing ?? false
    const scheduler = new Scheduler(seed, { pace: paceOf(plan), isTracing })
    this.scheduler = scheduler
    this.servers = new Servers(scheduler, { canCompare: plan.canCompare }, (server) => weaken(server, plan.off))
    this.verdicts = new Verdicts(this)
    this.#acts = new Acts(this)
    const usualMs = scheduler.oneOf([0.5, 3, 15])
    const latencyMs = (): number =>
      weather === 'late' && this.running > 0 && scheduler.chance(0.05)
        ? scheduler.spread(budgetMs / 2, 600)
        : scheduler.spread(0.05, usualMs)
    const losesMessage = (): boolean => plan.tier === 'bus' && weather === 'cut links' && this.running > 0 && scheduler.chance(0.03)
    this.#around = {
      losesMessage,
      plan,
      scheduler,
      servers: this.servers,
      describer: new Describer(),
      latencyMs,
      ttlMs: seed % 4 === 0 ? 800 : 100_000,
    }
  }

  async run(): Promise<Outcome> {
    const { scheduler, plan } = this
    const startedAtMs = scheduler.nowMs
    try {
      await this.#begin()
      await this.#play()
      await this.#calm()
    } catch (error) {
      this.verdicts.violated(error instanceof Stuck ? error.message : String(error instanceof Error ? error.stack : error))
    }
    const { violations, loads } = this.verdicts
    scheduler.say(`${plan.weather}, ${plan.tier}: ${violations.length} violations`)
    return { violations, loads, steps: scheduler.steps, forMs: scheduler.nowMs - startedAtMs, trace: scheduler.trace }
  }

  crash(victim: Member): void {
    if (this.#hasCrashed || victim.isDead) return
    this.#hasCrashed = true
    this.scheduler.say(`${victim.name} dies`)
    this.running -= victim.open
    victim.isDead = true
    victim.clock.isStopped = true
    victim.client.die(this.scheduler.chance(0.7))
    // What it was about to set may still be on its way.
    this.scheduler.later('', () => void (this.source.locks -= victim.locks), outstandingMs(this, victim))
  }

  async #begin(): Promise<void> {
    const { scheduler, plan } = this
    const actions = 7 + scheduler.pick(5) + (plan.aim === undefined ? 0 : 4)
    const isCold = plan.tier === 'L2 only' && scheduler.chance(0.5)
    const processes = isCold ? actions : 2 + scheduler.pick(2)
    for (let at = 0; at < processes; at += 1) this.members.push(startMember(`p${at}`, this.#around, isCold))
    // Who could not put up a fence and dies after its commit leaves what nobody can know of: a limit, and no news.
    if (plan.weather === 'crash') await this.#until(Promise.all(this.members.map(({ client }) => client.ready())))
    await this.#prime()
    scheduler.say('— all begin')
    const withinMs = scheduler.oneOf([5, 100, 2_500])
    for (let at = 0; at < actions; at += 1)
      void this.#act(this.members[at % processes] as Member, at, scheduler.spread(withinMs / 100, withinMs))
    brew(this)
  }

  /** What is there at the beginning: nothing, or values, fresh or stale, that some of the processes have read. */
  async #prime(): Promise<void> {
    const kind = this.scheduler.pick(3)
    if (kind === 0) return
    const first = this.members[0] as Member
    const { cache } = first.isCold ? startMember('first', this.#around, true) : first
    await this.#until(Promise.all(keys.map((key) => cache.getOrSet(key, () => this.source.read(key), this.#tagsOf(key)))))
    if (kind > 1) await this.#until(Promise.all(keys.map((key) => cache.expire(key))))
    await this.#until(cache.idle())
  }

  #tagsOf(key: string): { readonly tags: string[] } {
    return { tags: ['s', lateTagOf(this.source.read(key))] }
  }

  async #until(work: Promise<unknown>): Promise<void> {
    let isOver = false
    void work.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    await settled()
    while (!isOver) await this.#step()
    await work
  }

  async #step(): Promise<void> {
    if (!(await this.scheduler.step())) throw new Stuck('all wait, and nobody is ever woken')
    this.verdicts.replicate()
    if (this.plan.weather === 'failover') this.#lookForRepairs()
    if (this.scheduler.steps > mostSteps) throw new Stuck('it does not come to an end')
  }

  /** Whether all who had invalidated anything have done it again, on the server that there is now. */
  #lookForRepairs(): void {
    const node = this.servers.primary?.name
    if (node === undefined) return
    if (this.members.every(({ client }) => client.isReady && client.nodeOf() === node && client.unrepaired === 0)) this.verdicts.repaired()
  }

  async #play(): Promise<void> {
    while (this.running > 0) await this.#step()
  }

  async #act(member: Member, at: number, inMs: number): Promise<void> {
    this.running += 1
    member.open += 1
    await turn(this, member, `${member.name} begins ${at}`, inMs)
    try {
      await this.#acts.anything(member)
      if (this.plan.tier !== 'L2 only') await this.#acts.anything(member)
    } catch (error) {
      if (!isExpected(error)) this.verdicts.violated(`${member.name} failed: ${error instanceof Error ? error.stack : String(error)}`)
    }
    if (member.isDead) return
    member.open -= 1
    this.running -= 1
  }

  get #alive(): readonly Member[] {
    return this.members.filter(({ isDead }) => !isDead)
  }

  /** All is done: what is left when all deadlines have passed, what everybody reads then, and what is left of those who end. */
  async #calm(): Promise<void> {
    this.scheduler.say('— all are done')
    await this.#wait(calmMs)
    const untilMs = this.scheduler.nowMs + longestCalmMs
    while (this.#alive.some(({ cache }) => isTroubled(cache.health()))) {
      if (this.scheduler.nowMs > untilMs)
        throw new Stuck(`P2: it does not recover: ${JSON.stringify(this.#alive.map(({ cache }) => cache.health()))}`)
      await this.#wait(calmMs)
    }
    this.verdicts.checkRest()
    await this.#checkReads()
    await this.#checkEnds()
  }

  async #wait(forMs: number): Promise<void> {
    await this.#until(this.scheduler.turn(`${forMs} ms later`, forMs))
  }

  async #checkReads(): Promise<void> {
    const reads = this.#alive.flatMap((member) =>
      keys.map(async (key) => {
        const value = await member.cache.getOrSet(key, () => this.source.read(key), this.#tagsOf(key))
        this.scheduler.say(() => `at last ${member.name} read ${key}: ${show(value)}`)
        const old = olderThan(value, this.verdicts.rest.now())
        if (!this.source.isCommitted(value))
          this.verdicts.violated(`S2: at last ${member.name} read ${show(value)}, which was not committed`)
        if (old.length > 0) this.verdicts.violated(`S4: at last ${member.name} read ${show(value)} although there is newer (${old})`)
      }),
    )
    await this.#until(Promise.all(reads))
  }

  /** Who is closed leaves nothing behind that would still do something. */
  async #checkEnds(): Promise<void> {
    await this.#until(Promise.all(this.#alive.flatMap(({ cache }) => [cache.close({ drainMs }), cache.close()])))
    const sent = this.#alive.map(({ client }) => client.sent)
    await this.#wait(2 * boundMs)
    this.#alive.forEach(({ name, clock, client }, at) => {
      if (clock.waiting > 0) this.verdicts.violated(`P6: ${name} was closed and has ${clock.waiting} timers`)
      if (client.sent !== sent[at]) this.verdicts.violated(`P6: ${name} was closed and sends`)
    })
  }
}

/** Nobody can do anything any more, or all go round in circles. */
class Stuck extends Error {}

/** One that is half-open waits for calls, and so does one that was not asked anything since it lost its link. */
function isTroubled({ queuedInvalidations, l2 }: ReturnType<Member['cache']['health']>): boolean {
  return queuedInvalidations > 0 || l2?.nodes.some(({ state }) => state === 'open') === true
}

/** What else takes its time: loads, commits, thoughts. */
function paceOf({ seed, aim }: Plan): Pace {
  const mostMs = [2, 30, 300][Math.floor(seed / 3) % 3] as number
  return { leastMs: 0.05, mostMs, sloth: aim === undefined ? ([0, 0.03, 0.1][seed % 3] as number) : 0.08, slothMs: 2_500 }
}
