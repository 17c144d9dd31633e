import type { ExplainedTag, Explanation, L1Value, L2Explanation, L2Value, Serving } from './explanation.ts'
import { span } from './span.ts'

/** All that the verdict follows from. */
export type Facts = Omit<Explanation, 'verdict' | 'serves'> & {
  /** Whether L1 may stand in while L2 cannot be asked. */
  readonly mayServeWhileAway: boolean
}

type Verdict = Pick<Explanation, 'verdict' | 'serves'>

/** There is nothing to serve. */
interface Nothing {
  readonly why: string
  /** What `getOrSet` does instead. */
  readonly getOrSet: string
}

/** What a read would do with these facts: the rules of the read path, in words. */
export function verdictOn(facts: Facts): Verdict {
  const found = fromL1(facts) ?? fromL2(facts)
  if ('serves' in found) return found
  const { l1 } = facts
  const isStaleInL1 = l1.kind === 'value' && l1.age === 'stale' && l1.doubts.length === 0
  const getOrSet = isStaleInL1 ? 'serves the stale copy in L1' : found.getOrSet
  return { serves: null, verdict: `get finds nothing and getOrSet ${getOrSet}: ${found.why}.` }
}

function fromL1(facts: Facts): Verdict | undefined {
  const { l1, l2, isQueued } = facts
  if (l1.kind !== 'value' || l1.age === 'dead') return undefined
  if (l1.doubts.length === 0) {
    if (l1.age === 'fresh') return served(l1, 'l1', `the copy in L1${unheardOf(l1)}`)
    return l2.kind === 'off' || l2.kind === 'away' ? served(l1, 'l1', 'the copy in L1') : undefined
  }
  if (l1.doubts.includes('ended') || l2.kind === 'off') return undefined
  if (l2.kind === 'away') return facts.mayServeWhileAway ? served(l1, 'l1', 'the copy in L1, because L2 cannot be asked') : undefined
  if (isQueued) return undefined
  const tags = tagsSay(l1.tags)
  if (l1.version === null) {
    const isUntouched = !l1.doubts.includes('pushed') && l1.tags.length > 0 && tags.says === 'good'
    return isUntouched ? served(l1, 'l1', 'the copy in L1, which could not be stored in L2') : undefined
  }
  const isConfirmed = l2.kind === 'value' && l2.version === l1.version
  if (!isConfirmed || (tags.says !== 'good' && tags.says !== 'stale')) return undefined
  const age = tags.says === 'stale' ? 'stale' : l1.age
  if (age === 'stale' && l1.graceLeftMs === 0) return undefined
  return served({ ...l1, age }, 'l1', `the copy in L1 once L2 has confirmed its version, which it does now (${doubtsOf(l1)})`)
}

function fromL2({ l1, l2, isQueued }: Facts): Verdict | Nothing {
  if (l2.kind === 'off' || l2.kind === 'nothing')
    return nothing(`${l1Why(l1)}${l2.kind === 'off' ? 'there is no L2' : 'L2 has nothing'}`, 'loads')
  if (isQueued) return nothing('this process has invalidated it, and the server could not be told yet', 'loads without storing')
  if (l2.kind !== 'value') return withoutValue(l2)
  if (l2.age === 'dead') return nothing('the value in L2 is past its ttl and grace', 'loads')
  const { says, name } = tagsSay(l2.tags)
  if (says === 'gone') return nothing(`${name} was invalidated`, 'loads')
  if (says === 'fenced') return nothing(`what ${name} stands for is being changed`, 'loads without storing')
  if (says === 'away') return nothing('L2 did not answer for its tags', 'loads')
  if (says === 'stale' && l2.graceLeftMs === 0) return nothing(`${name} was expired, and it has no grace`, 'loads')
  const age = says === 'stale' ? 'stale' : l2.age
  return served({ ...l2, age }, 'l2', `what L2 has${says === 'stale' ? `, of which ${name} was expired` : ''}`)
}

function withoutValue(l2: Exclude<L2Explanation, { kind: 'value' | 'off' | 'nothing' }>): Nothing {
  if (l2.kind === 'away') return nothing(`L2 cannot be asked (${l2.code ?? l2.message})`, 'loads without storing')
  if (l2.kind === 'unusable') return nothing(`what L2 has cannot be used (${l2.reason})`, 'loads')
  if (l2.kind === 'error') return nothing(`a load failed a moment ago (${l2.name})`, 'throws TIERCEL_LOAD_FAILED')
  if (l2.kind === 'lease') {
    const leftMs = l2.serverTtlMs ?? l2.lengthMs
    return nothing('somebody loads it', `waits for that, at most ${span(leftMs)} unless the lease is renewed`)
  }
  const leftMs = Math.max(0, ...l2.owners.map((owner) => owner.leftMs))
  if (leftMs === 0) return nothing('a change of its source is over, but its fence is still there', 'loads')
  return nothing(`its source is being changed, for another ${span(leftMs)} at most unless that is renewed`, 'loads without storing')
}

function served(entry: L1Value | L2Value, tier: Serving['tier'], what: string): Verdict {
  const { age, ttlLeftMs, graceLeftMs } = entry
  if (age === 'fresh') {
    const left = ttlLeftMs === null ? '' : `, fresh for another ${span(ttlLeftMs)}`
    return { serves: { tier, age }, verdict: `get and getOrSet serve ${what}${left}.` }
  }
  const leftMs = (ttlLeftMs ?? 0) + (graceLeftMs ?? 0)
  return {
    serves: { tier, age: 'stale' },
    verdict: `get serves ${what}, stale for another ${span(leftMs)}; getOrSet does too and loads it anew.`,
  }
}

function nothing(why: string, getOrSet: string): Nothing {
  return { why, getOrSet }
}

/** A change that the server knows of and this process has not heard of yet. */
function unheardOf({ tags }: L1Value): string {
  const changed = tags.find(({ state }) => state !== 'same' && state !== 'expired' && state !== 'unknown')
  return changed === undefined ? '' : `, though ${nameOf(changed)} was changed and this process has not heard of it yet`
}

function l1Why(l1: Facts['l1']): string {
  if (l1.kind !== 'value') return ''
  const changed = l1.tags.find(({ state }) => state === 'other' || state === 'missing')
  if (changed !== undefined) return `${nameOf(changed)} was invalidated, and `
  return l1.age === 'dead' || l1.doubts.includes('ended') ? 'the copy in L1 is over, and ' : ''
}

const doubtTexts = {
  pushed: 'a change was told of',
  tag: 'one of its tags has to be asked for',
  unproven: 'the link is not proven',
  ended: 'its time is over',
} as const

function doubtsOf({ doubts }: L1Value): string {
  return doubts.map((doubt) => doubtTexts[doubt]).join(', ')
}

/** What becomes of an entry by its tags: this process asks only for those that it does not know well enough. */
function tagsSay(tags: readonly ExplainedTag[]): { readonly says: 'good' | 'stale' | 'gone' | 'fenced' | 'away'; readonly name: string } {
  const isKnown = tags.every(({ here }) => here !== 'unknown')
  const states = tags.map((tag) => ({ tag, state: isKnown ? tag.here : tag.state }))
  const find = (...wanted: string[]): string | undefined => {
    const found = states.find(({ state }) => wanted.includes(state))
    return found === undefined ? undefined : nameOf(found.tag)
  }
  for (const [says, ...wanted] of tagRules) {
    const name = find(...wanted)
    if (name !== undefined) return { says, name }
  }
  return { says: 'good', name: '' }
}

const tagRules = [
  ['fenced', 'fenced', 'queued'],
  ['away', 'unknown'],
  ['gone', 'other', 'missing'],
  ['stale', 'expired'],
] as const

function nameOf({ name }: ExplainedTag): string {
  return name === '' ? 'the namespace' : `tag "${name}"`
}
