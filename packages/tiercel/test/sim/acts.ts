import type { InvalidationOutcome, LoadContext } from '../../src/cache/cache.ts'
import { TiercelError } from '../../src/kernel/errors.ts'
import { lateTagOf, rowOf, show, type Versions } from './source.ts'
import { commit, outstandingMs, turn } from './steps.ts'
import { entryKey, fenceMsOf, holdOffMs, keys, type Member, tagKey, tags, type World } from './world.ts'
import { writeThrough } from './write-through.ts'

export const changes = [
  'peek',
  'delete',
  'expire',
  'expireTag',
  'invalidateTag',
  'clear',
  'set',
  'write through',
  'mutate key',
  'mutate tag',
  'mutate both',
] as const
export type Change = (typeof changes)[number]
const mutations: readonly Change[] = ['mutate key', 'mutate tag', 'mutate both']
/** What processes do: read, and change the source in every way that there is, with the invalidation that belongs to it. */
export class Acts {
  readonly #world: World
  readonly #changes: readonly Change[]
  /** All is about one key and one tag. */
  readonly #isNarrow: boolean
  readonly #narrowTag: string
  #hasCrashed = false

  constructor(world: World) {
    this.#world = world
    this.#isNarrow = world.plan.aim !== undefined || world.scheduler.chance(0.5)
    this.#narrowTag = world.scheduler.chance(0.5) ? 's' : 'x'
    this.#changes = world.plan.aim ?? this.#chooseChanges()
  }

  async anything(member: Member): Promise<void> {
    if (this.#world.scheduler.chance(this.#world.plan.tier === 'L2 only' ? 0.5 : 0.65)) return this.#read(member)
    const kind = this.#changes[this.#world.scheduler.pick(this.#changes.length)] as Change
    switch (kind) {
      case 'peek':
        return this.#peek(member)
      case 'delete':
        return this.#change(member, [rowOf(this.#key())], ([row]) => member.cache.delete(keyOf(row)))
      case 'expire':
        return this.#change(member, [rowOf(this.#key())], ([row]) => member.cache.expire(keyOf(row)), true)
      case 'expireTag':
        return this.#change(member, [`tag ${this.#tag()}`], ([tag]) => member.cache.expireTag(nameOf(tag)), true)
      case 'invalidateTag':
        return this.#change(member, [`tag ${this.#tag()}`], ([tag]) => member.cache.invalidateTag(nameOf(tag)))
      case 'clear':
        return this.#change(member, ['all'], () => member.cache.clear())
      case 'set':
        return this.#set(member)
      case 'write through':
        return this.#canWriteThrough ? writeThrough(this.#world, member, this.#key()) : this.#peek(member)
      default:
        return this.#mutate(member, kind)
    }
  }

  /** A few kinds per run: all of them in each would leave little of any two. */
  #chooseChanges(): readonly Change[] {
    // Loads from a replica that lags are safe with `mutate` only.
    if (this.#world.plan.weather === 'lag') return mutations
    return Array.from({ length: 1 + this.#world.scheduler.pick(3) }, () => changes[this.#world.scheduler.pick(changes.length)] as Change)
  }

  /** Ours goes past the cache, which tells the others on a bus, and does again what a failover may have lost. */
  get #canWriteThrough(): boolean {
    const { tier, weather } = this.#world.plan
    return tier !== 'bus' && weather !== 'failover'
  }

  #key(): string {
    return this.#isNarrow ? 'a' : (keys[this.#world.scheduler.pick(keys.length)] as string)
  }

  #tag(): string {
    return this.#isNarrow ? this.#narrowTag : (tags[this.#world.scheduler.pick(tags.length)] as string)
  }

  async #read(member: Member, inside?: Versions, key = this.#key()): Promise<void> {
    const mode = this.#world.scheduler.pick(10)
    const isForced = mode === 0
    const isExact = mode > 0 && mode < 4 && !member.isCold
    const floors = this.#world.verdicts.floorsOf(member, isExact || isForced)
    const committed = this.#world.source.read(key)
    const isLate = this.#world.scheduler.chance(0.5)
    const load = async (context: LoadContext): Promise<Versions> => {
      this.#world.verdicts.loads += 1
      const from = inside ?? (this.#world.plan.weather === 'lag' ? 'replica' : undefined)
      await this.#turn(member, `${member.name} asks for ${key}`)
      const versions = this.#world.source.read(key, from)
      await this.#turn(member, `${member.name} loaded ${show(versions)}`)
      if (!isLate) context.setTags([lateTagOf(versions)])
      return versions
    }
    const given = isLate ? (versions: Versions) => ['s', lateTagOf(versions)] : ['s']
    const hardTimeout = this.#world.scheduler.chance(0.3) ? 100 + this.#world.scheduler.pick(1_500) : undefined
    const options = {
      tags: given,
      ...(hardTimeout === undefined ? {} : { hardTimeout }),
      ...(isForced ? { forceFresh: true } : {}),
      ...(isExact ? { exact: true } : {}),
    }
    const read = await this.#world.verdicts.inTime(member, options.hardTimeout, () =>
      member.cache.getOrSet(key, load, options as { tags: string[] }),
    )
    if (read === undefined) return
    const { value } = read
    this.#world.verdicts.check(member, key, value, floors, inside !== undefined)
    if (isForced && this.#world.plan.weather !== 'lag' && inside === undefined)
      this.#world.verdicts.compare(member, value, committed, 'although it wanted it fresh, and there was')
  }

  async #peek(member: Member): Promise<void> {
    const key = this.#key()
    const isExact = this.#world.scheduler.chance(0.5)
    const floors = this.#world.verdicts.floorsOf(member, isExact)
    const read = await this.#world.verdicts.inTime(member, undefined, () =>
      member.cache.get<Versions>(key, isExact ? { exact: true } : undefined),
    )
    if (read?.value !== undefined) this.#world.verdicts.check(member, key, read.value, floors, false)
  }

  /** The careful way without a fence: commit, then invalidate. */
  async #change(
    member: Member,
    registers: readonly string[],
    invalidate: (registers: readonly string[]) => Promise<InvalidationOutcome>,
    isSoft = false,
  ): Promise<void> {
    const versions = await commit(this.#world, member, registers)
    const outcome = await invalidate(registers)
    this.#world.verdicts.invalidated(member, versions, outcome, isSoft)
  }

  /** A value that is right when it is stored: nobody commits until the call has ended. */
  async #set(member: Member): Promise<void> {
    const key = this.#key()
    this.#lock(member, 1)
    try {
      const versions = this.#world.source.read(key)
      this.#world.scheduler.say(() => `${member.name} sets ${show(versions)}`)
      await member.cache.set(key, versions, { tags: ['s', lateTagOf(versions)] })
    } catch (error) {
      // It may still be stored, until it would be too late by the server's clock.
      await this.#turn(member, `${member.name} knows that its set is over`, outstandingMs(this.#world, member))
      throw error
    } finally {
      this.#lock(member, -1)
    }
  }

  #lock(member: Member, by: 1 | -1): void {
    this.#world.source.locks += by
    member.locks += by
  }

  async #mutate(member: Member, kind: Change): Promise<void> {
    const key = this.#key()
    const tag = this.#tag()
    const targets = { keys: kind === 'mutate tag' ? [] : [key], tags: kind === 'mutate key' ? [] : [tag] }
    const registers = [...targets.keys.map(rowOf), ...targets.tags.map((name) => `tag ${name}`)]
    const isRolledBack = this.#world.scheduler.chance(0.2)
    const readsInside = this.#world.scheduler.chance(0.4)
    const change = async (): Promise<Versions> => {
      const written = this.#world.source.write(registers)
      await this.#mayDie(member, 0.05)
      await this.#turn(member, `${member.name} writes ${show(written)}`)
      if (readsInside) await this.#read(member, written, key)
      await this.#turn(member, `${member.name} is done with its change`)
      if (isRolledBack) throw new RolledBack()
      const versions = await commit(this.#world, member, registers)
      this.#world.verdicts.rest.raise(versions, 0)
      const isFenced = this.#isFenced(targets)
      await this.#mayDie(member, isFenced ? 0.3 : 1)
      await this.#turn(member, `${member.name} has committed`)
      return versions
    }
    const holdOff = this.#world.plan.weather === 'lag' ? holdOffMs : false
    const { result, outcome } = await member.cache.mutate(targets, change, { fence: fenceMsOf(this.#world.plan), holdOff })
    this.#world.verdicts.invalidated(member, result, outcome, false)
  }

  async #turn(member: Member, label: string, ms?: number): Promise<void> {
    await turn(this.#world, member, label, ms)
  }

  /** Whether the server still keeps loads out: it is worst to die where it does not. */
  #isFenced(targets: { readonly keys: readonly string[]; readonly tags: readonly string[] }): boolean {
    const { contents } = this.#world.servers.server
    return [...targets.keys.map(entryKey), ...targets.tags.map(tagKey)].every((key) => contents.get(key)?.text.startsWith('F') === true)
  }

  /** In the middle of a change. */
  async #mayDie(member: Member, chance: number): Promise<void> {
    if (this.#world.plan.weather !== 'crash' || this.#hasCrashed || !this.#world.scheduler.chance(chance)) return
    this.#hasCrashed = true
    this.#world.crash(member)
    await this.#turn(member, '')
  }
}

class RolledBack extends Error {}

const expected = ['TIERCEL_FENCED', 'TIERCEL_STORE_DEADLINE', 'TIERCEL_STORE_UNAVAILABLE', 'TIERCEL_BREAKER_OPEN']

/** What a call may end with when a server is away, or a source says no. */
export function isExpected(error: unknown): boolean {
  if (error instanceof RolledBack) return true
  return TiercelError.is(error) && expected.includes(error.code)
}

function keyOf(row: string | undefined): string {
  return (row as string).slice('row '.length)
}

function nameOf(tag: string | undefined): string {
  return (tag as string).slice('tag '.length)
}
