import { decodeEntry, decodeTags, encodeEntry } from '../../src/codecs/envelope.ts'
import { decodeFence, encodeFence, fenceByte } from '../../src/codecs/fence.ts'
import { decodeTag, encodeTag } from '../../src/codecs/tag-token.ts'
import { crc32Short } from '../../src/kernel/hash.ts'
import { tokenBytes } from '../../src/kernel/token.ts'
import type { FenceOutcome, FenceStep, PutOutcome, Snap, Snapshot, Store, StoreEntry, Swap } from '../../src/stores/store.ts'
import { force } from './force.ts'

/** Mechanisms of the protocol that lie in what is sent to the server: a test switches one off, to see that it would notice. */
export type StoreMechanism =
  | 'lease'
  | 'version fence'
  | 'new version on expire'
  | 'refresh lock'
  | 'shared error'
  | 'fence'
  | 'delete at close'
  | 'owner list: newest wins'
  | 'owner list: none'
  | 'fences stand against delete'
  | 'fences stand against set'
  | 'fences stand against take-over'
  | 'contended flag'
  | 'hold-off'
  | 'fence renewed'
  | 'token before load'
  | 'late-tag check'
  | 'missing tag is a miss'
  | 'random token'
  | 'dead fence of a tag counts'

const leaseByte = 0x4c
const valueByte = 0x56
/** Of the sum over kind, version and state in an entry. */
const stateSumOffset = 14
const longLifeMs = 1e9

/** The same store, but for one mechanism. Its steps are as atomic as those of the store, as long as nobody else is in between. */
export function weakened(store: Store, off: StoreMechanism): Store {
  return Object.assign(Object.create(store) as Store, stepsOf(store), new Weakened(store, off).steps())
}

/** Of a store of classes, bound. */
function stepsOf(store: Store): Partial<Store> {
  return {
    nowMs: () => store.nowMs(),
    ready: () => store.ready(),
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    getHead: (key) => store.getHead(key),
    ageTags: (keys, counter) => store.ageTags(keys, counter),
    overwrite: (key, offset, bytes) => store.overwrite(key, offset, bytes),
    close: () => store.close(),
  }
}

class Weakened {
  readonly #store: Store
  readonly #off: StoreMechanism
  /** What tags have held last. */
  readonly #tokens: Map<string, Buffer> = new Map()
  readonly #opened: Set<string> = new Set()

  constructor(store: Store, off: StoreMechanism) {
    this.#store = store
    this.#off = off
  }

  steps(): Partial<Store> {
    return {
      get: (key) => this.#get(key),
      claim: (entry) => this.#claim(entry),
      swap: (swap) => this.#swap(swap),
      setMany: (entries) => this.#setMany(entries),
      deleteMany: (keys) => this.#deleteMany(keys),
      overwrite: (key, offset, bytes) => this.#overwrite(key, offset, bytes),
      fence: (step) => this.#fence(step),
      snap: (snap) => this.#snap(snap),
    }
  }

  async #get(key: string): Promise<Buffer | undefined> {
    const content = await this.#store.get(key)
    if (this.#off !== 'missing tag is a miss' || !key.includes(':t:')) return content
    if (content !== undefined) this.#tokens.set(key, content)
    return content ?? this.#tokens.get(key)
  }

  async #claim(entry: StoreEntry): Promise<Buffer | undefined> {
    const isLock = entry.key.includes(':r:')
    if (this.#off !== (isLock ? 'refresh lock' : 'lease')) return this.#store.claim(entry)
    const present = await this.#store.get(entry.key)
    if (present !== undefined && present[0] !== leaseByte) return present
    await force(this.#store, entry.key, entry.value, entry.ttlMs)
    return undefined
  }

  async #swap(swap: Swap): Promise<boolean> {
    const { key, value, ttlMs } = swap
    const isValue = value?.[0] === valueByte
    if (this.#off === 'shared error' && value?.[0] === 0x45) return this.#store.swap({ ...swap, value: undefined })
    if (isValue && this.#off === (swap.isWhole ? 'lease' : 'version fence')) {
      await force(this.#store, key, value, ttlMs)
      return true
    }
    if (isValue && this.#off === 'token before load') return this.#store.swap({ ...swap, value: await this.#withTokensOfNow(key, value) })
    if (value?.[0] === leaseByte && !swap.isWhole && this.#off === 'fences stand against take-over') {
      const present = await this.#store.get(key)
      if (present?.[0] === fenceByte) {
        await force(this.#store, key, value, ttlMs)
        return true
      }
    }
    return this.#store.swap(swap)
  }

  async #setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]> {
    if (this.#off !== 'fences stand against set') return this.#store.setMany(entries)
    for (const { key, value, ttlMs } of entries) await force(this.#store, key, value, ttlMs)
    return entries.map(() => 'stored')
  }

  async #deleteMany(keys: readonly string[]): Promise<void> {
    if (this.#off !== 'fences stand against delete') return this.#store.deleteMany(keys)
    for (const key of keys) await force(this.#store, key, undefined, 1)
  }

  async #overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    const present = await this.#store.get(key)
    if (this.#off !== 'new version on expire' || present?.[0] !== valueByte) return this.#store.overwrite(key, offset, bytes)
    const head = Buffer.concat([present.subarray(0, offset + tokenBytes), bytes.subarray(tokenBytes)])
    head.writeUInt32LE(crc32Short(head, 0, stateSumOffset), stateSumOffset)
    return this.#store.overwrite(key, offset, head.subarray(offset))
  }

  async #fence(step: FenceStep): Promise<readonly FenceOutcome[]> {
    const { op, owner } = step
    const name = `${step.keys} ${owner?.toString('hex')}`
    if (op === 'open') {
      if (this.#off === 'fence') return step.keys.map(() => 'fenced')
      if (this.#off === 'fence renewed' && this.#opened.has(name)) return step.keys.map(() => 'fenced')
      this.#opened.add(name)
      if (this.#off === 'owner list: newest wins') await this.#removeFences(step.keys)
      return this.#store.fence(step)
    }
    if (this.#off === 'hold-off') return this.#store.fence({ ...step, forMs: 0 })
    if (this.#off === 'delete at close' && owner !== undefined) return this.#closeWhatStands(step)
    if (this.#off === 'owner list: none') await this.#removeFences(step.keys)
    if (this.#off === 'owner list: newest wins' && owner !== undefined) return this.#closeOwn(step)
    if (this.#off === 'fences stand against delete' && owner === undefined && step.counter === undefined)
      await this.#removeFences(step.keys)
    if (this.#off === 'contended flag') await this.#forgetContention(step.keys)
    return this.#store.fence(step)
  }

  /** A fence ends, but what came into its place stays. */
  async #closeWhatStands(step: FenceStep): Promise<readonly FenceOutcome[]> {
    for (const key of step.keys) if ((await this.#store.get(key))?.[0] === fenceByte) await this.#store.fence({ ...step, keys: [key] })
    return step.keys.map(() => 'empty')
  }

  async #closeOwn(step: FenceStep): Promise<readonly FenceOutcome[]> {
    for (const key of step.keys) {
      const content = await this.#store.get(key)
      const isAnothers = content?.[0] === fenceByte && !decodeFence(content).items.some(({ owner }) => owner.equals(step.owner as Buffer))
      if (!isAnothers) await this.#store.fence({ ...step, keys: [key] })
    }
    return step.keys.map(() => 'empty')
  }

  async #removeFences(keys: readonly string[]): Promise<void> {
    for (const key of keys) if ((await this.#store.get(key))?.[0] === fenceByte) await force(this.#store, key, undefined, 1)
  }

  async #forgetContention(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const content = await this.#store.get(key)
      if (content?.[0] !== fenceByte) continue
      await force(this.#store, key, encodeFence({ isContended: false, items: decodeFence(content).items }), longLifeMs)
    }
  }

  async #snap(snap: Snap): Promise<Snapshot> {
    if (this.#off === 'dead fence of a tag counts') {
      const nowMs = this.#store.nowMs()
      for (const { key } of snap.tags) {
        const content = await this.#store.get(key)
        const isDead = content?.[0] === fenceByte && decodeFence(content).items.every(({ deadlineMs }) => deadlineMs <= nowMs)
        if (isDead) await force(this.#store, key, undefined, 1)
      }
    }
    const before = await Promise.all(snap.tags.map(({ key }) => this.#store.get(key)))
    const snapshot = await this.#store.snap(snap)
    if (this.#off === 'late-tag check') return { ...snapshot, tags: snapshot.tags.map((tag) => withoutNumber(tag)) }
    if (this.#off !== 'random token') return snapshot
    const contents = snapshot.tags.map((tag, at) => (tag === 'fenced' || before[at]?.[0] === tag[0] ? tag : fixed(tag)))
    for (const [at, { key, lifeMs }] of snap.tags.entries()) {
      const content = contents[at]
      if (content !== snapshot.tags[at] && content !== 'fenced') await force(this.#store, key, content, lifeMs ?? longLifeMs)
    }
    return { ...snapshot, tags: contents as (Buffer | 'fenced')[] }
  }

  /** An entry with the tokens that its tags hold when it is stored, not before it was loaded. */
  async #withTokensOfNow(key: string, bytes: Buffer): Promise<Buffer> {
    const decoded = decodeEntry(bytes, key, undefined)
    if (decoded.kind !== 'value') return bytes
    const entry = decoded
    const root = key.replace(/^tc1:e:([^:]*):.*$/, 'tc1:t:{$1:}')
    const tags = await Promise.all(
      decodeTags(bytes, entry.tagCount).map(async (tag) => {
        const held = await this.#store.get(root + tag.name)
        if (decodeTag(held) === undefined) return tag
        return { name: tag.name, hardToken: (held as Buffer).subarray(1, 13), softToken: (held as Buffer).subarray(13, 25) }
      }),
    )
    const head = { ...entry, version: bytes.subarray(1, 13), storedKey: key, echo: undefined, tags }
    return encodeEntry(head, { payload: bytes.subarray(entry.payloadStart) })
  }
}

function withoutNumber(tag: Buffer | 'fenced'): Buffer | 'fenced' {
  return tag === 'fenced' ? tag : encodeTag(tag.subarray(1, 25), 0)
}

function fixed(tag: Buffer): Buffer {
  return encodeTag(Buffer.alloc(24, 7), decodeTag(tag)?.number ?? 0)
}
