import type { EntryTag } from '../codecs/envelope.ts'
import type { TagToken } from '../codecs/tag-token.ts'

/** A token as an entry carries it. One object for all entries that were stored under it, so that most comparisons are one of identity. */
export interface HeldToken extends TagToken, EntryTag {
  readonly tag: Tag
  /** Of a stand-in, which no server has: what the tag's count was. */
  readonly touches?: number
  /** A list of nothing but itself. */
  readonly alone: readonly HeldToken[]
}

/** What a tag turned out to hold on the server. */
export type TagState = HeldToken | 'missing' | 'fenced'

/** What tags held before a load. */
export interface TagSnapshot {
  /** Of the namespace, then of the tags that were asked for. */
  readonly tokens: readonly HeldToken[]
  /** Somebody changes what one of them stands for: what is loaded may not be stored. */
  readonly isFenced: boolean
  /** How many bumps there had been. */
  readonly number: number
  readonly linkEpoch: number
}

/** A tag of one namespace, as this process knows it. */
export class Tag {
  /** The encoded name; `''` is the namespace itself. */
  readonly name: string
  readonly key: string
  held: HeldToken | undefined
  /** When the read that `held` comes from was sent. */
  sentAtMs: number = Number.NEGATIVE_INFINITY
  /** It may have changed since. */
  isSuspect = false
  /** Grows with everything that may have changed it: what was asked for before is not kept. */
  touches = 0
  reading: { readonly touches: number; readonly sentAtMs: number; readonly state: Promise<TagState> } | undefined

  constructor(name: string, key: string) {
    this.name = name
    this.key = key
  }
}

export function hold(tag: Tag, { hard, soft, number }: TagToken): HeldToken {
  const alone: HeldToken[] = []
  const hardToken = Buffer.from(hard, 'latin1')
  const softToken = Buffer.from(soft, 'latin1')
  const held = { tag, name: tag.name, hard, soft, number, hardToken, softToken, alone }
  alone.push(held)
  return held
}

export function suspect(tag: Tag): void {
  tag.isSuspect = true
  tag.touches += 1
}

/** For a token that nobody can be asked for. */
export function standIn(tag: Tag): HeldToken {
  return { ...hold(tag, { hard: '', soft: '', number: 0 }), touches: tag.touches }
}

/** All its tags are as they were; one was expired; one was bumped, or lost; what one stands for is being changed. */
export type TagVerdict = 'good' | 'stale' | 'gone' | 'fenced'

/** What becomes of a value with these tokens, when its tags hold that. */
export function verdictOf(tokens: readonly HeldToken[], states: readonly TagState[]): TagVerdict {
  if (states.includes('fenced')) return 'fenced'
  if (!tokens.every((token, at) => isSame(token, states[at]))) return 'gone'
  return tokens.every(({ soft }, at) => soft === (states[at] as HeldToken).soft) ? 'good' : 'stale'
}

export function isSame(token: HeldToken, state: TagState | undefined): boolean {
  return typeof state === 'object' && state.hard === token.hard
}

/** Both, unless one of the later may have been bumped since the earlier were read. */
export function joined(before: TagSnapshot, late: TagSnapshot): readonly HeldToken[] | undefined {
  const added = late.tokens.slice(1)
  const isSafe = !late.isFenced && late.linkEpoch === before.linkEpoch && added.every(({ number }) => number <= before.number)
  return isSafe ? [...before.tokens, ...added] : undefined
}
