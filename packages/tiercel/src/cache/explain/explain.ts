import { type DecodedEntry, decodeTags, versionText } from '../../codecs/envelope.ts'
import { decodeFence, nobody } from '../../codecs/fence.ts'
import { decodeFailure, leaseLengthMs } from '../../codecs/marks.ts'
import { TiercelError, UsageError } from '../../kernel/errors.ts'
import type { Core } from '../core.ts'
import type { Entry } from '../entry.ts'
import { mayServeWhileAway } from '../read-path.ts'
import type { Scope, StoredKey } from '../scope.ts'
import { type CarriedTag, carriedByL1, carriedByL2, explainTag, hex, readTags, type TagContents } from './explain-tags.ts'
import type { Doubt, Explanation, L1Explanation, L2Explanation, L2Fence, LinkExplanation } from './explanation.ts'
import { verdictOn } from './verdict.ts'

/** Looks at everything and touches nothing: no counter, no event, no order of L1, and nothing of what the server says is learnt. */
export async function explain(core: Core, scope: Scope, path: string): Promise<Explanation> {
  const stored = scope.storedKey(path)
  // As it is at the call: who explains a hit is told of the copy that was served.
  const found = scope.l1?.look(path)?.value as Entry | undefined
  const answer = await ask(core, stored)
  const byL1 = found?.tokens.map(carriedByL1) ?? []
  const byL2 = answer.kind === 'answered' ? carriedTags(core, stored, answer) : []
  // After the value: what they say then is newer than it.
  const contents = await readTags(core, scope, [...byL1, ...byL2])
  const facts = {
    namespace: scope.name,
    key: path,
    storedKey: stored.key,
    l1: explainL1(core, scope, found, byL1, contents),
    l2: answer.kind === 'answered' ? explainL2(core, scope, stored, answer, byL2, contents) : answer,
    link: explainLink(core),
    isQueued: core.isQueued(stored.key, core.nowMs()),
    isLoading: scope.flights.has(path),
    isChanging: scope.isChangingTokens(path, found?.tokens ?? []),
  }
  return {
    ...verdictOn({ ...facts, mayServeWhileAway: found !== undefined && core.l2 !== undefined && mayServeWhileAway(core, scope, found) }),
    ...facts,
  }
}

interface Answer {
  readonly kind: 'answered'
  readonly bytes: Buffer
  readonly serverTtlMs: number | null
}

async function ask(core: Core, { key }: StoredKey): Promise<Answer | Extract<L2Explanation, { kind: 'off' | 'nothing' | 'away' }>> {
  const { l2 } = core
  if (l2 === undefined) return { kind: 'off' }
  try {
    // Whoever cannot say how long it lives may still have it.
    const left = l2.leftMs?.(key).catch(() => undefined)
    const [bytes, leftMs] = await Promise.all([l2.get(key), left])
    if (bytes === undefined) return { kind: 'nothing' }
    return { kind: 'answered', bytes, serverTtlMs: leftMs === undefined || leftMs === Number.POSITIVE_INFINITY ? null : whole(leftMs) }
  } catch (error) {
    if (error instanceof UsageError) throw error
    return { kind: 'away', code: TiercelError.is(error) ? error.code : null, message: String((error as Error)?.message ?? error) }
  }
}

function headOf(core: Core, { key, echo }: StoredKey, bytes: Buffer): ReturnType<Core['format']['readHead']> {
  return core.format.readHead(bytes, key, echo, core.l2?.nowMs() ?? 0)
}

function carriedTags(core: Core, stored: StoredKey, { bytes }: Answer): CarriedTag[] {
  const head = headOf(core, stored, bytes)
  return head.kind === 'value' && core.format.hasHeader ? decodeTags(bytes, head.tagCount).map(carriedByL2) : []
}

function explainL1(
  core: Core,
  scope: Scope,
  entry: Entry | undefined,
  carried: readonly CarriedTag[],
  contents: TagContents,
): L1Explanation {
  if (scope.l1 === undefined) return { kind: 'off' }
  if (entry === undefined) return { kind: 'nothing' }
  const nowMs = core.nowMs()
  const doubts = doubtsOf(core, scope, entry, nowMs)
  const isExpired = !doubts.includes('tag') && scope.tags.check(entry.tokens, nowMs) === 'stale'
  const ages = agesOf({ ...agesIn(entry), isMarkedStale: isExpired }, nowMs)
  return {
    kind: 'value',
    ...ages,
    doubts: ages.age === 'dead' && !doubts.includes('ended') ? [...doubts, 'ended'] : doubts,
    version: entry.version === '' ? null : hex(entry.version),
    sizeBytes: entry.sizeBytes,
    checkedMsAgo: whole(nowMs - entry.sentAtMs),
    keptForMs: entry.endsAtMs === Number.POSITIVE_INFINITY ? null : whole(entry.endsAtMs - nowMs),
    tags: carried.map((tag) => explainTag(core, scope, tag, contents)),
  }
}

function doubtsOf(core: Core, scope: Scope, entry: Entry, nowMs: number): Doubt[] {
  const doubts: Doubt[] = []
  if (nowMs >= entry.endsAtMs) doubts.push('ended')
  if (entry.isSuspect) doubts.push('pushed')
  if (!core.proof.covers(entry.sentAtMs, nowMs)) doubts.push('unproven')
  // Without a link nothing of a tag is known well enough either: that is said already.
  const isUnsure = entry.tokens.some(({ tag, touches }) => touches === undefined && tag.isSuspect)
  const mayCheck = !doubts.includes('unproven')
  if (isUnsure || (mayCheck && scope.tags.check(entry.tokens, nowMs) === 'unsure')) doubts.push('tag')
  return doubts
}

function explainL2(
  core: Core,
  scope: Scope,
  stored: StoredKey,
  { bytes, serverTtlMs }: Answer,
  carried: readonly CarriedTag[],
  contents: TagContents,
): L2Explanation {
  const both = { sizeBytes: bytes.length, serverTtlMs }
  const head = headOf(core, stored, bytes)
  if (head.kind === 'rejected') return { kind: 'unusable', reason: head.reason, codec: null, compression: null, ...both }
  if (head.kind === 'lease') return { kind: 'lease', lengthMs: leaseLengthMs(bytes), ...both }
  if (head.kind === 'error') return { kind: 'error', ...decodeFailure(bytes), ...both }
  if (head.kind !== 'value') return { ...explainFence(core, bytes), ...both }
  const { codec, compression, isSealed, isNull, isAbsent, isMarkedStale, loadCostMs } = head
  const opened = core.format.readValue(bytes, head, stored.key)
  if (typeof opened === 'string') return { kind: 'unusable', reason: opened, codec, compression, ...both }
  const { hasHeader } = core.format
  return {
    kind: 'value',
    ...(hasHeader ? agesOf(head, Math.floor(core.l2?.nowMs() ?? 0)) : plainAges(serverTtlMs)),
    content: isNull ? 'null' : isAbsent ? 'absent' : 'value',
    version: hasHeader ? hex(versionText(bytes)) : null,
    isMarkedStale,
    loadCostMs,
    codec,
    compression,
    isSealed,
    tags: carried.map((tag) => explainTag(core, scope, tag, contents)),
    ...both,
  }
}

function explainFence(core: Core, bytes: Buffer): Pick<L2Fence, 'kind' | 'isContended' | 'owners'> {
  const { isContended, items } = decodeFence(bytes)
  const nowMs = core.l2?.nowMs() ?? 0
  const owners = items.map(({ owner, deadlineMs }) => ({
    owner: owner.equals(nobody) ? null : owner.toString('hex'),
    leftMs: whole(deadlineMs - nowMs),
  }))
  return { kind: 'fence', isContended, owners }
}

type Ages = Pick<DecodedEntry, 'createdAtMs' | 'staleAtMs' | 'deadAtMs' | 'isMarkedStale'>
type ToldAges = { age: 'fresh' | 'stale' | 'dead'; ageMs: number | null; ttlLeftMs: number | null; graceLeftMs: number | null }

function agesIn({ createdAtMs, staleAtMs, deadAtMs }: Entry): Omit<Ages, 'isMarkedStale'> {
  return { createdAtMs, staleAtMs, deadAtMs }
}

function agesOf({ createdAtMs, staleAtMs, deadAtMs, isMarkedStale }: Ages, nowMs: number): ToldAges {
  const isDead = nowMs >= deadAtMs || (isMarkedStale && deadAtMs <= staleAtMs)
  const isStale = isMarkedStale || nowMs >= staleAtMs
  const freshUntilMs = isStale ? nowMs : staleAtMs
  return {
    age: isDead ? 'dead' : isStale ? 'stale' : 'fresh',
    ageMs: whole(nowMs - createdAtMs),
    ttlLeftMs: whole(freshUntilMs - nowMs),
    graceLeftMs: isDead ? 0 : whole(deadAtMs - freshUntilMs),
  }
}

/** Bare bytes tell nothing of their own. */
function plainAges(serverTtlMs: number | null): ToldAges {
  return { age: 'fresh', ageMs: null, ttlLeftMs: serverTtlMs, graceLeftMs: 0 }
}

function explainLink({ l2, changes, proof, nowMs }: Core): LinkExplanation {
  const { provenAtMs, boundMs } = proof
  const provenMsAgo = provenAtMs === Number.NEGATIVE_INFINITY ? null : whole(nowMs() - provenAtMs)
  return { isUp: l2 === undefined || changes?.isUp === true, provenMsAgo, boundMs }
}

/** As people read it, and not below 0. */
function whole(ms: number): number {
  return Math.max(0, Math.floor(ms))
}
