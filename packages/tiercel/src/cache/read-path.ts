import { carriesAlone, type DecodedEntry, decodeTags, prefixBytes, tagsText, versionText } from '../codecs/envelope.ts'
import { decodeFailure, leaseLengthMs } from '../codecs/marks.ts'
import type { HeldToken, TagVerdict } from '../coherence/tag.ts'
import { UsageError } from '../kernel/errors.ts'
import { type Store, valueByte } from '../stores/store.ts'
import type { RejectReason } from '../telemetry/event.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { Entry } from './entry.ts'
import { away, type Found, fenced, nothing } from './found.ts'
import type { L2Budget } from './l2-budget.ts'
import type { Policy } from './policy.ts'
import type { ReadTicket, Scope, StoredKey } from './scope.ts'

const noTags: readonly string[] = []

/** A value whose tags are not known here, or not well enough: the server has to be asked for them. */
export interface Unsure {
  readonly kind: 'unsure'
  readonly bytes: Buffer
  readonly entry: Entry
}

/** How a key is to be looked at. */
export interface Look {
  readonly scope: Scope
  readonly path: string
  readonly policy: Policy
  /** When the question is sent. */
  readonly sentAtMs: number
  /** Whether tags that are known are asked for all the same. */
  readonly isExact?: boolean
  /** Whether a replica may answer: what it says counts as asked for that much earlier. Default: false. */
  readonly mayLag?: boolean
  /** Where several share what is found. Default: nobody else does. */
  readonly shared?: Shared
  /** What the call that looks may still wait for L2. Missing: each step as long as the store allows. */
  readonly budget?: L2Budget | undefined
}

/** What several callers wait for. What is known before it was asked for has to be young enough for the last of them. */
export interface Shared {
  readonly joinedAtMs: number
}

function joinedAtMs({ shared, sentAtMs }: Look): number {
  return shared === undefined ? sentAtMs : Math.max(sentAtMs, shared.joinedAtMs)
}

/** Waits for a step of a look. */
function within<T>({ budget }: Look, step: Promise<T>): Promise<T> {
  return budget === undefined ? step : budget.within(step, 'read')
}

/**
 * Reads L2 and fills L1. All who want the same key at the same time share one read.
 *
 * @param doubted what L1 has and may not serve any more without asking
 */
export function readShared(core: Core, look: Look, doubted: Entry | undefined): Promise<Found> {
  const { scope, path } = look
  const underWay = scope.reads.get(path)
  if (underWay !== undefined) {
    if (!look.isExact && isShareable(core, scope, underWay)) {
      underWay.joinedAtMs = look.sentAtMs
      return underWay.found
    }
    // It loses its place, and would not be told of what happens to the key.
    underWay.isOvertaken = true
  }
  if (core.l1 !== undefined) core.changes?.start()
  const { count } = scope.tags.touched
  const { sentAtMs } = look
  const ticket: ReadTicket = { sentAtMs, joinedAtMs: sentAtMs, tagTouches: count, isOvertaken: false, found: Promise.resolve(nothing) }
  scope.reads.set(path, ticket)
  if (core.format.hasHeader) scope.tags.prefetch(noTags)
  ticket.found = readWithTicket(core, { ...look, shared: ticket }, ticket, doubted)
  return ticket.found
}

/** To share a read is to be served what it finds: not from before anything that was changed here, or heard of, nor older than the bound. */
function isShareable(core: Core, scope: Scope, { sentAtMs, tagTouches }: ReadTicket): boolean {
  return tagTouches === scope.tags.touched.count && core.proof.covers(sentAtMs, core.nowMs())
}

async function readWithTicket(core: Core, look: Look, ticket: ReadTicket, doubted: Entry | undefined): Promise<Found> {
  const { scope, path } = look
  const isStillRight = (): boolean => !ticket.isOvertaken
  const found = await lookUp(core, look, doubted, isStillRight).finally(() => {
    if (scope.reads.get(path) === ticket) scope.reads.delete(path)
  })
  if (found.kind === 'entry' && !ticket.isOvertaken) keepInL1(core, look, found.entry)
  return found
}

/**
 * What L2 holds under a key. What L1 holds and is only doubted is asked for by its version, which is a few bytes, and stays where it is.
 *
 * @param isStillRight whether nothing has been heard of the key since
 */
export async function lookUp(core: Core, look: Look, doubted: Entry | undefined, isStillRight: () => boolean): Promise<Found> {
  if (core.l2 === undefined) return nothing
  const stored = look.scope.storedKey(look.path)
  try {
    if (doubted !== undefined) {
      const found = await revalidate(core, core.l2, look, stored, doubted, isStillRight)
      if (found !== undefined) return found
      core.counters.l1Misses += 1
    }
    return await settle(core, look, judge(core, look, stored, await within(look, core.l2.get(stored.key, look.mayLag))))
  } catch (error) {
    return failedRead(core, look.scope, error, doubted)
  }
}

/** A store that was set up wrongly never works: that is for the programmer. All else is a miss, unless what L1 has will do for a while. */
export function failedRead(core: Core, scope: Scope, error: unknown, doubted?: Entry): Found {
  if (error instanceof UsageError) throw error
  reportStoreFailure(core, scope.name, 'read', error)
  if (doubted === undefined || !mayServeWhileAway(core, scope, doubted)) return away
  return { kind: 'unproven', entry: doubted }
}

/** Whether what L1 has will do while L2 cannot be asked. */
export function mayServeWhileAway(core: Core, scope: Scope, entry: Entry): boolean {
  const nowMs = core.nowMs()
  if (entry.isSuspect || nowMs >= entry.endsAtMs) return false
  return nowMs - core.proof.provenAtOf(entry.sentAtMs) <= core.proof.boundMs + core.serveStaleForMs && scope.tags.areUntouched(entry.tokens)
}

/** @returns `undefined` when the server has something else by now */
async function revalidate(
  core: Core,
  l2: Store,
  look: Look,
  stored: StoredKey,
  entry: Entry,
  isStillRight: () => boolean,
): Promise<Found | undefined> {
  const { scope, path } = look
  if (core.isQueued(stored.key, core.nowMs())) return undefined
  if (entry.version === '') return confirmAlone(core, scope, entry, look.isExact ?? false)
  const head = await stillHolds(core, l2, look, stored, entry, isStillRight)
  if (head === undefined) return undefined
  const { counters, emitter } = core
  counters.l1Hits += 1
  const isStale = entry.staleAtMs <= core.nowMs()
  if (emitter.isHeard) emitter.emit({ type: 'read.hit', tier: 'l1', namespace: scope.name, key: path, isStale })
  return { kind: 'entry', entry, bytes: head }
}

/**
 * Asks by its version whether the server still has what L1 has, with tags that are valid.
 *
 * @param isStillRight whether nothing was heard of the key since
 * @returns the first bytes of what it has; `undefined` when that is something else by now, or over
 */
export async function stillHolds(
  core: Core,
  l2: Store,
  look: Look,
  stored: StoredKey,
  entry: Entry,
  isStillRight: () => boolean,
): Promise<Buffer | undefined> {
  const [head, tags] = await within(look, Promise.all([l2.getHead(stored.key), askTags(look, entry.tokens)]))
  const isThere = head !== undefined && head[0] === valueByte && versionText(head) === entry.version
  if (!isThere || tags === 'gone' || tags === 'fenced') {
    // Whoever gets the newer value now must not find this one afterwards, should that not be kept.
    entry.doubt()
    return undefined
  }
  const nowMs = core.nowMs()
  if (tags === 'stale') entry.goStale(nowMs)
  if (nowMs >= entry.endsAtMs) return undefined
  if (isStillRight()) entry.confirm(look.sentAtMs)
  core.counters.revalidations += 1
  return head
}

/** What is in no L2 is right for a while, unless one of its tags was changed. */
async function confirmAlone(core: Core, scope: Scope, entry: Entry, isExact: boolean): Promise<Found | undefined> {
  if (isExact || entry.isSuspect || entry.tokens.length === 0 || core.nowMs() >= entry.endsAtMs) return undefined
  const tags = await scope.tags.ask(entry.tokens, false)
  return tags === 'good' ? { kind: 'unproven', entry } : undefined
}

/** What an answer of L2 means. */
export function judge(core: Core, look: Look, stored: StoredKey, bytes: Buffer | undefined): Found | Unsure {
  const { counters } = core
  if (bytes === undefined) {
    counters.l2Misses += 1
    return nothing
  }
  counters.bytesRead += bytes.length
  const storeNowMs = core.l2?.nowMs() ?? 0
  const decoded = core.format.readHead(bytes, stored.key, stored.echo, storeNowMs)
  if (decoded.kind === 'value') {
    if (core.isQueued(stored.key, look.sentAtMs)) return missed(core, fenced)
    const entry = open(core, look, stored.key, bytes, decoded)
    if (typeof entry === 'string') return reject(core, look, bytes, entry)
    const tags = look.isExact && entry.tokens.length > 0 ? 'unsure' : look.scope.tags.check(entry.tokens, joinedAtMs(look))
    return tags === 'unsure' ? { kind: 'unsure', bytes, entry } : accept(core, look, bytes, entry, tags === 'stale')
  }
  if (decoded.kind === 'rejected') return reject(core, look, bytes, decoded.reason)
  counters.l2Misses += 1
  if (decoded.kind === 'lease') return { kind: 'lease', mark: bytes, lengthMs: leaseLengthMs(bytes) }
  if (decoded.kind === 'error') return { kind: 'error', mark: bytes, failure: decodeFailure(bytes) }
  return fenced
}

/** Asks for the tags of a value where it has to. */
export async function settle(core: Core, look: Look, judged: Found | Unsure): Promise<Found> {
  if (judged.kind !== 'unsure') return judged
  const { bytes, entry } = judged
  let tags: TagVerdict
  try {
    tags = await within(look, askTags(look, entry.tokens))
  } catch (error) {
    return failedRead(core, look.scope, error)
  }
  if (tags === 'fenced') return missed(core, fenced)
  if (tags === 'gone') return reject(core, look, bytes, 'invalidated')
  return accept(core, look, bytes, entry, tags === 'stale')
}

/** Again, when somebody has joined for whom what was known then is too old. */
async function askTags(look: Look, tokens: readonly HeldToken[]): Promise<TagVerdict> {
  const { tags } = look.scope
  for (;;) {
    const lastMs = joinedAtMs(look)
    const verdict = await tags.ask(tokens, look.isExact ?? false)
    const isForAll = joinedAtMs(look) === lastMs || verdict === 'gone' || verdict === 'fenced'
    if (isForAll) return verdict
    const known = tags.check(tokens, joinedAtMs(look))
    if (known !== 'unsure') return known
  }
}

function carriedTokens({ tags }: Scope, bytes: Buffer, { tagCount, payloadStart }: DecodedEntry): readonly HeldToken[] {
  const { held } = tags.own
  if (held !== undefined && carriesAlone(bytes, tagCount, held.hardToken, held.softToken)) return held.alone
  return tags.carried(tagsText(bytes, payloadStart), () => decodeTags(bytes, tagCount))
}

/** @param isExpired whether one of its tags was: it is stale from now on, and gone without a grace */
function accept(core: Core, look: Look, bytes: Buffer, entry: Entry, isExpired: boolean): Found {
  if (isExpired) {
    if (entry.deadAtMs <= entry.staleAtMs) return reject(core, look, bytes, 'dead')
    entry.goStale(core.nowMs())
  }
  core.counters.l2Hits += 1
  if (core.emitter.isHeard) {
    const isStale = entry.staleAtMs <= core.nowMs()
    core.emitter.emit({ type: 'read.hit', tier: 'l2', namespace: look.scope.name, key: look.path, isStale })
  }
  return { kind: 'entry', entry, bytes }
}

/** An entry in local terms, or why it cannot be used. Instants in stored values are the store's; ages are what both clocks agree on. */
function open(core: Core, look: Look, key: string, bytes: Buffer, stored: DecodedEntry): Entry | RejectReason {
  const storeNowMs = core.l2?.nowMs() ?? 0
  const hasGrace = stored.deadAtMs > stored.staleAtMs
  if (storeNowMs >= stored.deadAtMs || (stored.isMarkedStale && !hasGrace)) return 'dead'
  const opened = core.format.readValue(bytes, stored, key)
  if (typeof opened === 'string') return opened
  const nowMs = core.nowMs()
  const offsetMs = nowMs - storeNowMs
  const staleAtMs = stored.isMarkedStale ? nowMs : stored.staleAtMs + offsetMs
  const entry = new Entry(
    opened.value,
    stored.createdAtMs + offsetMs,
    staleAtMs,
    stored.deadAtMs + offsetMs,
    stored.loadCostMs,
    look.policy,
  )
  entry.sizeBytes = opened.sizeBytes
  entry.sentAtMs = Math.floor(look.mayLag === true ? look.sentAtMs - core.readLagMs : look.sentAtMs)
  if (core.format.hasHeader) {
    entry.version = versionText(bytes)
    entry.tokens = carriedTokens(look.scope, bytes, stored)
  }
  return entry
}

/** What was there could not be served: a miss, and an event. Its first bytes let a fill replace just that. */
function reject(core: Core, { scope, path }: Look, bytes: Buffer, reason: RejectReason): Found {
  core.counters.rejected += 1
  if (core.emitter.isHeard) core.emitter.emit({ type: 'read.rejected', namespace: scope.name, key: path, reason })
  return missed(core, { kind: 'unusable', prefix: Buffer.from(bytes.subarray(0, prefixBytes)) })
}

function missed(core: Core, found: Found): Found {
  core.counters.l2Misses += 1
  return found
}

/** L1 keeps what it may serve: not while this process itself changes the source of it. */
export function keepInL1(core: Core, { scope, path, policy }: Pick<Look, 'scope' | 'path' | 'policy'>, entry: Entry): void {
  if (scope.l1 === undefined || scope.isChangingTokens(path, entry.tokens)) return
  // What L2 does not have, or nothing is heard of, is as good as on the day it was asked for, for a while.
  const isHeardOf = core.l2 === undefined || (entry.version !== '' && !scope.isHashed(path))
  const { l1TtlMs } = policy
  const endsAtMs = l1TtlMs === Number.POSITIVE_INFINITY ? l1TtlMs : core.nowMs() + l1TtlMs
  entry.endAt(isHeardOf ? endsAtMs : Math.min(endsAtMs, entry.sentAtMs + core.proof.boundMs))
  scope.l1.set(path, entry, entry.sizeBytes + path.length, entry.endsAtMs)
}
