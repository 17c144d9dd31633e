import type { EntryTag } from '../codecs/envelope.ts'
import { decodeTag, type TagToken } from '../codecs/tag-token.ts'
import type { SnapTag, Store } from '../stores/store.ts'
import type { Proof } from './proof.ts'
import {
  type HeldToken,
  hold,
  isSame,
  joined,
  standIn,
  suspect,
  Tag,
  type TagSnapshot,
  type TagState,
  type TagVerdict,
  verdictOf,
} from './tag.ts'
import { TouchLog } from './touch-log.ts'

export interface TagKeys {
  tagKey(name: string): string
  /** `undefined` where the key does not say. */
  tagNameOf(key: string): string | undefined
  readonly counterKey: string
}

export interface TagContext {
  readonly l2: Store | undefined
  readonly proof: Proof
  readonly nowMs: () => number
  /** Whether an answer may be from before an invalidation that this process could not tell the server at once. */
  readonly isQueued: (key: string, sentAtMs: number) => boolean
}

/** Tags that one process remembers per namespace. */
const mostKnown = 50_000
const mostPerSnap = 100
/** Lists of tokens as entries carry them. */
const mostLists = 1_000
const longestListText = 1_000
const never = Number.NEGATIVE_INFINITY

/**
 * The tags of one namespace: which token each holds, as far as this process knows.
 *
 * A tag is a random token on the server. An entry carries the tokens that its tags held *before* it was loaded, and is valid while they are
 * the same: to invalidate all that carries a tag is to delete one key. What is known here makes warm reads free, and is trusted only as long as
 * this process would have heard of a change (`Proof`). A token that is known from here alone condemns nothing: it may be the older of the two.
 *
 * Without a store behind the cache, tokens are made here.
 */
export class Tags {
  /** Grows whenever a token changed or may have: what was checked before must be checked again. */
  epoch = 0
  /** The namespace's own: every entry carries it, and to clear the namespace is to bump it. */
  readonly own: Tag
  readonly touched: TouchLog = new TouchLog()
  /** The highest count of bumps that has been seen. */
  #number = 0
  /** Whether tags are told only after loads: then the count of bumps must be fresh before each. */
  #usesLate = false
  #hasForgotten = false
  #open: SnapBatch | undefined
  /** By stored key. */
  readonly #known: Map<string, Tag> = new Map()
  readonly #byName: Map<string, Tag> = new Map()
  /** By the bytes of an entry that name them. */
  readonly #lists: Map<string, readonly HeldToken[]> = new Map()
  readonly #keys: TagKeys
  readonly #store: Store | undefined
  readonly #proof: Proof
  readonly #nowMs: () => number
  readonly #isQueued: TagContext['isQueued']

  constructor(keys: TagKeys, { l2, proof, nowMs, isQueued }: TagContext) {
    this.#keys = keys
    this.#store = l2
    this.#proof = proof
    this.#nowMs = nowMs
    this.#isQueued = isQueued
    this.own = this.tag('')
  }

  tag(name: string): Tag {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const tag = new Tag(name, this.#keys.tagKey(name))
    this.#byName.set(name, tag)
    this.#known.set(tag.key, tag)
    if (this.#known.size > mostKnown) this.#forgetOldest()
    return tag
  }

  /** What is known of the tag with this stored key, if anything; it does not become known by being asked for. */
  known(key: string): Tag | undefined {
    return this.#known.get(key)
  }

  /** Whether what is known of a tag may be used without asking. */
  isTrusted(tag: Tag, nowMs: number): boolean {
    return tag.held !== undefined && !tag.isSuspect && this.#proof.covers(tag.sentAtMs, nowMs)
  }

  /**
   * What is known of the tokens that a value carries: all are valid (`good`), one was expired (`stale`), or the server must be asked, because
   * nothing is known of one, or something else.
   */
  check(tokens: readonly HeldToken[], nowMs: number): 'good' | 'stale' | 'unsure' {
    let isStale = false
    for (const token of tokens) {
      const { tag } = token
      if (token.touches !== undefined) {
        if (tag.touches !== token.touches) return 'unsure'
        continue
      }
      if (!this.isTrusted(tag, nowMs)) return 'unsure'
      if (tag.held === token) continue
      if (tag.held?.hard !== token.hard) return 'unsure'
      if (tag.held.soft !== token.soft) isStale = true
    }
    return isStale ? 'stale' : 'good'
  }

  /** Whether nobody has questioned these tokens, however long ago they were asked for. */
  areUntouched(tokens: readonly HeldToken[]): boolean {
    return tokens.every((token) => {
      const { tag } = token
      if (token.touches !== undefined) return tag.touches === token.touches
      return !tag.isSuspect && tag.held?.hard === token.hard && tag.held.soft === token.soft
    })
  }

  /**
   * As `check`, with what the server says of the tags now. `gone`: one was bumped, or lost; `fenced`: what it stands for is being changed.
   *
   * An answer to a question that was sent before the value came may be older than the value: it condemns nothing before it was asked again.
   *
   * @param isExact asks for those too that are known
   */
  async ask(tokens: readonly HeldToken[], isExact: boolean): Promise<TagVerdict> {
    const nowMs = this.#nowMs()
    const first = await Promise.all(
      tokens.map((token) => {
        const { tag } = token
        if (token.touches !== undefined) return tag.touches === token.touches ? token : 'missing'
        const isKnown = !isExact && this.isTrusted(tag, nowMs) && tag.held?.hard === token.hard
        if (isKnown) return tag.held as HeldToken
        // One that is under way may have been sent before the call was made.
        return isExact ? this.#read(tag, tag.touches) : this.read(tag)
      }),
    )
    const verdict = verdictOf(tokens, first)
    if (verdict !== 'gone') return verdict
    const again = tokens.map((token, at) => (isSame(token, first[at]) ? (first[at] as TagState) : this.#read(token.tag, token.tag.touches)))
    return verdictOf(tokens, await Promise.all(again))
  }

  /** Has what is not known of the namespace and these tags read together with what is asked for in this turn. */
  prefetch(names: readonly string[]): void {
    if (this.#store === undefined) return
    const nowMs = this.#nowMs()
    if (!this.isTrusted(this.own, nowMs)) this.read(this.own).catch(ignored)
    for (const name of names) {
      const tag = this.tag(name)
      if (!this.isTrusted(tag, nowMs)) this.read(tag).catch(ignored)
    }
  }

  /** What a tag holds, read from the server in this call, or in one that is young enough. Reads of one turn leave together, with those of entries. */
  read(tag: Tag): Promise<TagState> {
    const { reading: underWay, touches } = tag
    const sentAtMs = this.#nowMs()
    if (underWay?.touches === touches && this.#proof.covers(underWay.sentAtMs, sentAtMs)) return underWay.state
    const reading = { touches, sentAtMs, state: this.#read(tag, touches) }
    tag.reading = reading
    const forget = (): void => {
      if (tag.reading === reading) tag.reading = undefined
    }
    reading.state.then(forget, forget)
    return reading.state
  }

  /**
   * What tags hold now, for a value that is about to be loaded: those that hold nothing are given tokens. At once where that is known: an
   * old token does no harm, the value would only not be valid.
   */
  snap(names: readonly string[], lifeMs: number): TagSnapshot | Promise<TagSnapshot> {
    if (this.#store === undefined) return this.#snapHere(names)
    const { held } = this.own
    if (names.length === 0 && held !== undefined && !this.#usesLate && this.isTrusted(this.own, this.#nowMs())) {
      return { tokens: held.alone, isFenced: false, number: this.#number, linkEpoch: this.#linkEpoch() }
    }
    return this.#snapThere(names, lifeMs)
  }

  /**
   * Tokens for tags that were told after the load. One that was bumped since before it cannot be told from the token alone; its number can.
   *
   * @returns `undefined` when a tag may have been bumped during the load
   */
  async snapLate(names: readonly string[], lifeMs: number, before: TagSnapshot): Promise<readonly HeldToken[] | undefined> {
    this.#usesLate = true
    return joined(before, await this.#snapThere(names, lifeMs))
  }

  /** As `snapLate`, without a store. */
  snapLateHere(names: readonly string[], before: TagSnapshot): readonly HeldToken[] | undefined {
    return joined(before, this.#snapHere(names))
  }

  /** For what is in no L2, because the server is away or refuses: they are good until something is heard of their tags. */
  standIns(names: readonly string[]): readonly HeldToken[] {
    return ['', ...names].map((name) => standIn(this.tag(name)))
  }

  /**
   * The tokens that an entry carries. Entries of the same tags have them from one list.
   *
   * @param text what it says of its tags
   */
  carried(text: string, decode: () => readonly EntryTag[]): readonly HeldToken[] {
    const known = this.#lists.get(text)
    if (known !== undefined) return known
    const tokens = decode().map(({ name, hardToken, softToken }) =>
      this.#carriedOne(name, hardToken.toString('latin1'), softToken.toString('latin1')),
    )
    if (text.length > longestListText) return tokens
    // Those that are in use come again.
    if (this.#lists.size >= mostLists) this.#lists.clear()
    this.#lists.set(text, tokens)
    return tokens
  }

  /** Not always the one that is known: an entry may carry the newer of the two, or the older. */
  #carriedOne(name: string, hard: string, soft: string): HeldToken {
    const tag = this.tag(name)
    const { held } = tag
    return held !== undefined && held.hard === hard && held.soft === soft ? held : hold(tag, { hard, soft, number: 0 })
  }

  /** Somebody may have changed the tag with this stored key. One that is not known here may be what a load under way will name. */
  touch(key: string): void {
    const tag = this.#known.get(key)
    if (tag !== undefined) suspect(tag)
    if (tag !== undefined || this.#hasForgotten) this.epoch += 1
    this.touched.add(tag?.name ?? this.#keys.tagNameOf(key))
  }

  touchAll(): void {
    for (const tag of this.#known.values()) suspect(tag)
    this.epoch += 1
    this.touched.add(undefined)
  }

  /** Bumps tags where there is no server to do so. */
  bumpHere(names: readonly string[]): void {
    for (const name of names) {
      this.#number += 1
      const tag = this.tag(name)
      tag.held = undefined
      this.touch(tag.key)
    }
  }

  ageHere(names: readonly string[]): void {
    for (const name of names) {
      this.#number += 1
      const tag = this.tag(name)
      const { held } = tag
      this.touch(tag.key)
      if (held !== undefined) this.#learnHere(tag, { hard: held.hard, soft: String(this.#number), number: this.#number })
    }
  }

  async #read(tag: Tag, touches: number): Promise<TagState> {
    if (this.#store === undefined) return tag.held ?? 'missing'
    const sentAtMs = this.#nowMs()
    const content = await this.#store.get(tag.key)
    return this.#isQueued(tag.key, sentAtMs) ? 'fenced' : this.#learn(tag, content, sentAtMs, touches)
  }

  #snapHere(names: readonly string[]): TagSnapshot {
    const tokens = ['', ...names].map((name) => {
      const tag = this.tag(name)
      return tag.held ?? this.#learnHere(tag, { hard: `${this.#number} ${++made}`, soft: '', number: this.#number })
    })
    return { tokens, isFenced: false, number: this.#number, linkEpoch: 0 }
  }

  #learnHere(tag: Tag, token: TagToken): HeldToken {
    const held = hold(tag, token)
    tag.held = held
    tag.isSuspect = false
    tag.sentAtMs = this.#nowMs()
    return held
  }

  /** All snapshots of one turn of the event loop are one call. */
  async #snapThere(names: readonly string[], lifeMs: number): Promise<TagSnapshot> {
    let batch = this.#open
    if (batch === undefined || batch.lives.size + names.length > mostPerSnap) {
      batch = new SnapBatch()
      this.#open = batch
      const opened = batch
      opened.result = new Promise((resolve) => process.nextTick(resolve)).then(() => this.#send(opened))
      opened.lives.set(this.own, undefined)
    }
    const tags = names.map((name) => this.tag(name))
    for (const tag of tags) batch.lives.set(tag, Math.max(batch.lives.get(tag) ?? 0, lifeMs))
    const { states, number, linkEpoch } = await (batch.result as Promise<SnapResult>)
    const found = [this.own, ...tags].map((tag) => states.get(tag))
    const tokens = found.filter((state) => typeof state === 'object')
    return { tokens, isFenced: tokens.length < found.length, number, linkEpoch }
  }

  async #send(batch: SnapBatch): Promise<SnapResult> {
    if (this.#open === batch) this.#open = undefined
    const tags = [...batch.lives.keys()]
    const touches = tags.map((tag) => tag.touches)
    const sentAtMs = this.#nowMs()
    const linkEpoch = this.#linkEpoch()
    const { number, tags: contents } = await (this.#store as Store).snap({
      counter: this.#keys.counterKey,
      tags: Array.from(batch.lives, ([{ key }, lifeMs]): SnapTag => ({ key, lifeMs })),
    })
    this.#number = Math.max(this.#number, number)
    const states = new Map(
      tags.map((tag, at) => {
        const content = contents[at]
        const isFenced = content === 'fenced' || this.#isQueued(tag.key, sentAtMs)
        return [tag, isFenced ? 'fenced' : this.#learn(tag, content, sentAtMs, touches[at] as number)]
      }),
    )
    return { states, number, linkEpoch }
  }

  #learn(tag: Tag, content: Buffer | undefined, sentAtMs: number, touches: number): TagState {
    const token = decodeTag(content)
    const isNews = tag.touches === touches && sentAtMs >= tag.sentAtMs
    if (token === undefined) {
      if (isNews && tag.held !== undefined) this.touch(tag.key)
      return content === undefined ? 'missing' : 'fenced'
    }
    const isSame = tag.held !== undefined && tag.held.hard === token.hard && tag.held.soft === token.soft
    const held = isSame ? (tag.held as HeldToken) : hold(tag, token)
    if (!isNews) return held
    if (!isSame) {
      tag.held = held
      this.epoch += 1
    }
    tag.isSuspect = false
    tag.sentAtMs = sentAtMs
    return held
  }

  #linkEpoch(): number {
    return this.#store?.linkEpoch ?? 0
  }

  /** Entries that carry it cannot be checked any more; what it was told of since must not pass unnoticed. */
  #forgetOldest(): void {
    for (const [key, tag] of this.#known) {
      if (tag === this.own) continue
      this.#known.delete(key)
      this.#byName.delete(tag.name)
      suspect(tag)
      tag.sentAtMs = never
      break
    }
    this.#lists.clear()
    this.#hasForgotten = true
    this.epoch += 1
  }
}

/** Tokens that were made here, in all namespaces. */
let made = 0

/** Who needs to know asks again. */
function ignored(): void {}

interface SnapResult {
  readonly states: ReadonlyMap<Tag, TagState>
  readonly number: number
  readonly linkEpoch: number
}

class SnapBatch {
  /** How long each is to live; `undefined`: for ever. */
  readonly lives: Map<Tag, number | undefined> = new Map()
  result: Promise<SnapResult> | undefined
}
