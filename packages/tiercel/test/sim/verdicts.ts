import type { InvalidationOutcome } from '../../src/cache/cache.ts'
import { decodeEntry, decodeTags } from '../../src/codecs/envelope.ts'
import { decodeTag } from '../../src/codecs/tag-token.ts'
import { Floors } from './floors.ts'
import type { Scheduler } from './scheduler.ts'
import { newest, olderThan, type Source, show, type Versions } from './source.ts'
import { boundMs, entryKey, keys, lagMs, type Member, type Plan, tagKey } from './world.ts'

/** What must hold, and whether it did. */
export class Verdicts {
  /** What must never be seen, in words. */
  readonly violations: string[] = []
  /** Nothing older may be left at the end. */
  readonly rest: Floors = new Floors()
  /** Processes that have not yet done again what a failover may have lost. */
  unrepaired = 0
  loads = 0
  readonly #plan: Plan
  readonly #source: Source
  readonly #scheduler: Scheduler
  /** Nothing older may be read. */
  readonly #floors = new Floors()
  /** Nothing older may be left as fresh. */
  readonly #softRest = new Floors()
  /** Acknowledged, but not yet where loads read from. */
  #lagging: { readonly versions: Versions; readonly floors: readonly Floors[] }[] = []

  constructor(plan: Plan, source: Source, scheduler: Scheduler) {
    this.#plan = plan
    this.#source = source
    this.#scheduler = scheduler
  }

  invalidated({ name, own }: Pick<Member, 'name' | 'own'>, versions: Versions, outcome: InvalidationOutcome, isSoft: boolean): void {
    this.#scheduler.trace.push(`${name} has invalidated ${show(versions)}: ${outcome}`)
    const { nowMs } = this.#plan.clock
    const floors = isSoft ? [] : [own]
    if (outcome === 'applied' && !isSoft) floors.push(this.#floors)
    ;(isSoft ? this.#softRest : this.rest).raise(versions, nowMs)
    if (this.#plan.weather === 'lag') this.#lagging.push({ versions, floors })
    else for (const each of floors) each.raise(versions, nowMs)
  }

  /** A replica has heard of what was committed before. */
  replicate(untilMs: number): void {
    this.#source.replicate(untilMs - lagMs)
    this.#lagging = this.#lagging.filter(({ versions, floors }) => {
      if (!this.#source.hasReplicated(versions)) return true
      for (const each of floors) each.raise(versions, this.#plan.clock.nowMs)
      return false
    })
  }

  /** What a read that starts now may not fall behind. */
  floorsOf(member: Member, isExact: boolean): Versions {
    const { nowMs } = this.#plan.clock
    const own = member.own.now()
    if (this.unrepaired > 0) return own
    const others = isExact || member.isCold ? this.#floors.now() : this.#floors.at(nowMs - boundMs)
    return newest(own, others)
  }

  check(member: Member, key: string, value: Versions, floors: Versions, isInside: boolean): void {
    this.#scheduler.trace.push(`${member.name} read ${key}: ${show(value)}`)
    if (!isInside && !this.#source.isCommitted(value))
      this.violations.push(`S2: ${member.name} read ${show(value)}, which was not committed`)
    // A failover since it began: what was lost is not yet done again.
    if (this.unrepaired > 0 || isInside) return
    this.compare(member, value, floors, 'after it was invalidated:')
  }

  compare(member: Member, value: Versions, floors: Versions, why: string): void {
    const old = olderThan(value, floors)
    if (old.length > 0) this.violations.push(`S1: ${member.name} read ${show(value)} ${why} ${show(floors)} (${old})`)
  }

  async checkRest(): Promise<void> {
    const { store } = this.#plan
    for (const key of keys) {
      const stored = entryKey(this.#plan, key)
      const bytes = await store.get(stored)
      if (bytes === undefined) continue
      const decoded = decodeEntry(bytes, stored, undefined)
      if (decoded.kind !== 'value') {
        if (decoded.kind !== 'lease' && decoded.kind !== 'fence') this.violations.push(`what is left is a ${decoded.kind}`)
        continue
      }
      const value = JSON.parse(bytes.subarray(decoded.payloadStart).toString()) as Versions
      if (!this.#source.isCommitted(value)) this.violations.push(`S2: ${show(value)} is left, which was not committed`)
      const tokens = decodeTags(bytes, decoded.tagCount)
      const held = await Promise.all(tokens.map(async ({ name }) => decodeTag(await store.get(tagKey(this.#plan, name)))))
      if (!tokens.every(({ hardToken }, at) => held[at]?.hard === hardToken.toString('latin1'))) continue
      const isFresh =
        !decoded.isMarkedStale &&
        decoded.staleAtMs > store.nowMs() &&
        tokens.every(({ softToken }, at) => held[at]?.soft === softToken.toString('latin1'))
      const old = olderThan(value, isFresh ? newest(this.rest.now(), this.#softRest.now()) : this.rest.now())
      if (old.length > 0) this.violations.push(`S1': ${show(value)} is left${isFresh ? ' as fresh' : ''} although there is newer (${old})`)
    }
  }
}
