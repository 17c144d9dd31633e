import type { InvalidationOutcome } from '../../src/cache/cache.ts'
import { decodeEntry, decodeTags } from '../../src/codecs/envelope.ts'
import { decodeTag } from '../../src/codecs/tag-token.ts'
import { TiercelError } from '../../src/kernel/errors.ts'
import { Floors } from './floors.ts'
import { serverOriginMs } from './process-clock.ts'
import { newest, olderThan, rowOf, show, type Versions } from './source.ts'
import { boundMsOf, entryKey, keys, lagMs, type Member, tagKey, type World } from './world.ts'

/** What a read was seen to have to be, when it began. */
export interface ReadFloors {
  readonly versions: Versions
  /** How often a server had died, and what it lost been done again. */
  readonly era: number
}

/** Deadlines are met; timers of this size are what else there is. */
const slackMs = 1

/** What must hold, and whether it did. */
export class Verdicts {
  /** What must never be seen, in words. */
  readonly violations: string[] = []
  /** Nothing older may be left at the end. */
  readonly rest: Floors = new Floors()
  loads = 0
  readonly #world: World
  /** Nothing older may be read. */
  readonly #floors = new Floors()
  /** Nothing older may be left as fresh. */
  readonly #softRest = new Floors()
  /** Acknowledged, but not yet where loads read from. */
  #lagging: { readonly versions: Versions; readonly floors: readonly Floors[] }[] = []
  #era = 0
  #isUnrepaired = false
  #repairedAtMs = Number.NEGATIVE_INFINITY

  constructor(world: World) {
    this.#world = world
  }

  violated(what: string): void {
    this.#world.scheduler.say(`VIOLATION ${what}`)
    this.violations.push(what)
  }

  invalidated({ name, own }: Pick<Member, 'name' | 'own'>, versions: Versions, outcome: InvalidationOutcome, isSoft: boolean): void {
    const { scheduler, plan } = this.#world
    scheduler.say(() => `${name} has invalidated ${show(versions)}: ${outcome}`)
    const floors = isSoft ? [] : [own]
    if (outcome === 'applied' && !isSoft) floors.push(this.#floors)
    ;(isSoft ? this.#softRest : this.rest).raise(versions, scheduler.nowMs)
    if (plan.weather === 'lag') this.#lagging.push({ versions, floors })
    else for (const each of floors) each.raise(versions, scheduler.nowMs)
  }

  /** Time has passed: a replica of the source has heard of what was committed before. */
  replicate(): void {
    const { plan, source, scheduler } = this.#world
    if (plan.weather !== 'lag') return
    source.replicate(scheduler.nowMs - lagMs)
    this.#lagging = this.#lagging.filter(({ versions, floors }) => {
      if (!source.hasReplicated(versions)) return true
      for (const each of floors) each.raise(versions, scheduler.nowMs)
      return false
    })
  }

  /** A server has died, and with it, perhaps, what it had confirmed. */
  lost(): void {
    this.#era += 1
    this.#isUnrepaired = true
  }

  /** Every process has done again what it had done in the last minute. */
  repaired(): void {
    if (!this.#isUnrepaired) return
    this.#era += 1
    this.#isUnrepaired = false
    this.#repairedAtMs = this.#world.scheduler.nowMs
  }

  /** What a read that starts now may not fall behind. */
  floorsOf(member: Member, isExact: boolean): ReadFloors {
    const { nowMs } = this.#world.scheduler
    const boundMs = boundMsOf(this.#world.plan)
    // Where its source lags, a process loads its own write late, too; and keeps for the bound what it loaded before that.
    const own = member.own.at(this.#world.plan.weather === 'lag' ? nowMs - boundMs : nowMs)
    const asksAll = isExact || member.isCold
    // What came into L1 before it was repaired is served for as long as anything else that was not heard of.
    const isUnsure = this.#isUnrepaired || (!asksAll && nowMs - this.#repairedAtMs <= boundMs)
    const others = asksAll ? this.#floors.now() : this.#floors.at(nowMs - boundMs)
    return { versions: isUnsure ? own : newest(own, others), era: this.#era }
  }

  check(member: Member, key: string, value: Versions, floors: ReadFloors, isInside: boolean): void {
    this.#world.scheduler.say(() => `${member.name} read ${key}: ${show(value)}`)
    if (!(rowOf(key) in value)) this.violated(`P1: ${member.name} asked for ${key} and read ${show(value)}`)
    if (!isInside && !this.#world.source.isCommitted(value))
      this.violated(`S2: ${member.name} read ${show(value)}, which was not committed`)
    if (this.#isUnrepaired || floors.era !== this.#era || isInside) return
    this.compare(member, value, floors.versions, 'after it was invalidated:')
  }

  compare(member: Member, value: Versions, floors: Versions, why: string): void {
    const old = olderThan(value, floors)
    if (old.length > 0) this.violated(`S1: ${member.name} read ${show(value)} ${why} ${show(floors)} (${old})`)
  }

  /** A read ends with a value while the source gives one, whatever becomes of the server, or at its deadline. */
  async inTime<T>(member: Member, hardTimeoutMs: number | undefined, read: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    const { scheduler } = this.#world
    const startedAtMs = scheduler.nowMs
    try {
      return { value: await read() }
    } catch (error) {
      const isLate = hardTimeoutMs !== undefined && TiercelError.is(error) && error.code === 'TIERCEL_LOAD_DEADLINE'
      if (!isLate) this.violated(`P3: ${member.name} could not read: ${error instanceof Error ? error.stack : String(error)}`)
      return undefined
    } finally {
      const tookMs = scheduler.nowMs - startedAtMs
      if (tookMs > (hardTimeoutMs ?? Number.POSITIVE_INFINITY) + slackMs)
        this.violated(`P3: ${member.name} waited for ${tookMs} ms, and wanted to for ${hardTimeoutMs}`)
    }
  }

  /** What the server has at last. */
  checkRest(): void {
    for (const key of keys) {
      const stored = entryKey(key)
      const bytes = this.#held(stored)
      if (bytes === undefined) continue
      const decoded = decodeEntry(bytes, stored, undefined)
      if (decoded.kind !== 'value') {
        if (decoded.kind !== 'lease' && decoded.kind !== 'fence') this.violated(`what is left is a ${decoded.kind}`)
        continue
      }
      const value = JSON.parse(bytes.subarray(decoded.payloadStart).toString()) as Versions
      if (!this.#world.source.isCommitted(value)) this.violated(`S2: ${show(value)} is left, which was not committed`)
      const tokens = decodeTags(bytes, decoded.tagCount)
      const held = tokens.map(({ name }) => decodeTag(this.#held(tagKey(name))))
      if (!tokens.every(({ hardToken }, at) => held[at]?.hard === hardToken.toString('latin1'))) continue
      const isFresh =
        !decoded.isMarkedStale &&
        decoded.staleAtMs > serverOriginMs + this.#world.scheduler.nowMs &&
        tokens.every(({ softToken }, at) => held[at]?.soft === softToken.toString('latin1'))
      const old = olderThan(value, isFresh ? newest(this.rest.now(), this.#softRest.now()) : this.rest.now())
      if (old.length > 0) this.violated(`S1': ${show(value)} is left${isFresh ? ' as fresh' : ''} although there is newer (${old})`)
    }
  }

  #held(key: string): Buffer | undefined {
    const content = this.#world.servers.server.find(key)
    return content === undefined ? undefined : Buffer.from(content.text, 'latin1')
  }
}
