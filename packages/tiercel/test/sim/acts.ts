import type { InvalidationOutcome, LoadContext } from '../../src/cache/cache.ts'
import { fenceByte } from '../../src/codecs/fence.ts'
import { TiercelError } from '../../src/kernel/errors.ts'
import { lateTagOf, rowOf, show, type Versions } from './source.ts'
import { commit, turn } from './steps.ts'
import { entryKey, fenceMs, holdOffMs, keys, type Member, tagKey, tags, type World } from './world.ts'
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
    if (this.#world.scheduler.chance(this.#world.plan.hasL1 ? 0.65 : 0.5)) return this.#read(member)
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
        return writeThrough(this.#world, member, this.#key())
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
    const options = { tags: given, ...(isForced ? { forceFresh: true } : {}), ...(isExact ? { exact: true } : {}) }
    const value = await member.cache.getOrSet(key, load, options as { tags: string[] })
    this.#world.verdicts.check(member, key, value, floors, inside !== undefined)
    if (isForced && this.#world.plan.weather !== 'lag' && inside === undefined)
      this.#world.verdicts.compare(member, value, committed, 'although it wanted it fresh, and there was')
  }

  async #peek(member: Member): Promise<void> {
    const key = this.#key()
    const isExact = this.#world.scheduler.chance(0.5)
    const floors = this.#world.verdicts.floorsOf(member, isExact)
    const value = await member.cache.get<Versions>(key, isExact ? { exact: true } : undefined)
    if (value !== undefined) this.#world.verdicts.check(member, key, value, floors, false)
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
      this.#world.scheduler.trace.push(`${member.name} sets ${show(versions)}`)
      await member.cache.set(key, versions, { tags: ['s', lateTagOf(versions)] })
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
      for (let thought = this.#world.plan.aim === undefined ? 0 : 4; thought > 0; thought -= 1)
        await this.#turn(member, `${member.name} thinks`)
      await this.#turn(member, `${member.name} writes ${show(written)}`)
      if (readsInside) await this.#read(member, written, key)
      await this.#turn(member, `${member.name} is done with its change`)
      if (isRolledBack) throw new RolledBack()
      const versions = await commit(this.#world, member, registers)
      this.#world.verdicts.rest.raise(versions, 0)
      const isFenced = await this.#isFenced(targets)
      await this.#mayDie(member, isFenced ? 0.3 : 1)
      await this.#turn(member, `${member.name} has committed`)
      return versions
    }
    const holdOff = this.#world.plan.weather === 'lag' ? holdOffMs : false
    const { result, outcome } = await member.cache.mutate(targets, change, { fence: this.#world.plan.canPass ? fenceMs : 30_000, holdOff })
    this.#world.verdicts.invalidated(member, result, outcome, false)
  }

  async #turn(member: Member, label: string): Promise<void> {
    await turn(this.#world, member, label)
  }

  /** Whether the server still keeps loads out: it is worst to die where it does not. */
  async #isFenced(targets: { readonly keys: readonly string[]; readonly tags: readonly string[] }): Promise<boolean> {
    const { plan } = this.#world
    const all = [...targets.keys.map((key) => entryKey(plan, key)), ...targets.tags.map((name) => tagKey(plan, name))]
    const contents = await plan.store.getMany(all)
    return contents.every((content) => content?.[0] === fenceByte)
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

/** What a call may end with when a server is away, or a source says no. */
export function isExpected(error: unknown): boolean {
  if (error instanceof RolledBack) return true
  return TiercelError.is(error) && ['TIERCEL_FENCED', 'TIERCEL_STORE_DEADLINE', 'TIERCEL_STORE_UNAVAILABLE'].includes(error.code)
}

function keyOf(row: string | undefined): string {
  return (row as string).slice('row '.length)
}

function nameOf(tag: string | undefined): string {
  return (tag as string).slice('tag '.length)
}
