import { type AnySchemaOptions, type ValueCheck, valueCheck } from '../codecs/schema.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, checkSignal } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { Core } from './core.ts'
import { Entry, wantsRefresh, wantsSlide } from './entry.ts'
import type { Flight } from './flight.ts'
import { confirm, joinable } from './join.ts'
import { startFlight } from './load-path.ts'
import type { LoadRequest } from './load-request.ts'
import type { Loader } from './loader.ts'
import type { GetOptions, GetOrSetOptions, TagsOption } from './options.ts'
import { inTime } from './patience.ts'
import { callPolicy, checkFlag, getOptionNames, getOrSetOptionNames, type Policy } from './policy.ts'
import { failedRead, keepInL1, readShared } from './read-path.ts'
import type { Scope } from './scope.ts'
import { checkRoom, tagNames } from './tag-names.ts'
import { checkStored, mismatch, reportRefusal } from './value-checks.ts'

export type AnyGetOptions = AnySchemaOptions & GetOptions
export type CallOptions = GetOrSetOptions<never> & AnySchemaOptions

/** What L1 has of a key: something to serve, or something to ask for before it is served. */
export interface InL1 {
  readonly entry: Entry | undefined
  readonly doubted: Entry | undefined
}

export const notInL1: InL1 = { entry: undefined, doubted: undefined }

/** What a call does when L1 cannot simply hand out. Keys are checked. */
export class Asking {
  readonly #core: Core
  readonly #scope: Scope
  /** Whether what is held is not yet what is handed out. */
  readonly #copies: boolean

  constructor(core: Core, scope: Scope) {
    this.#core = core
    this.#scope = scope
    this.#copies = !core.format.values.isAsIs
  }

  /** A hit in L1. */
  handOut(path: string, entry: Entry, nowMs: number): Promise<unknown> {
    const { counters, emitter } = this.#core
    counters.l1Hits += 1
    const isStale = entry.staleAtMs <= nowMs
    if (isStale) counters.staleHits += 1
    if (emitter.isHeard) emitter.emit({ type: 'read.hit', tier: 'l1', namespace: this.#scope.name, key: path, isStale })
    return Promise.resolve(this.#copy(entry.value))
  }

  get(path: string, { entry, doubted }: InL1, options: AnyGetOptions | undefined): Promise<unknown> {
    if (options !== undefined) return this.#getWithOptions(path, { entry, doubted }, options)
    return entry === undefined ? this.#getFromL2(path, undefined, doubted) : this.#serve(path, entry)
  }

  /** For one who does not load: what is fresh, else what L2 has by now. */
  #serve(path: string, entry: Entry): Promise<unknown> {
    const core = this.#core
    const nowMs = core.nowMs()
    if (nowMs < entry.lookAtMs) return this.handOut(path, entry, nowMs)
    if (core.policy.sliding) this.#slideInL1(path, entry, core.policy, nowMs)
    if (nowMs < entry.staleAtMs || core.l2 === undefined) return this.handOut(path, entry, nowMs)
    return this.#getFromL2(path, entry)
  }

  /** @param stale served when L2 cannot say */
  async #getFromL2(path: string, stale?: Entry, doubted?: Entry, isExact = false): Promise<unknown> {
    const core = this.#core
    const found = await readShared(
      core,
      { scope: this.#scope, path, policy: core.policy, sentAtMs: core.nowMs(), isExact, mayLag: !isExact },
      doubted,
    )
    if (found.kind === 'entry') {
      if (found.entry.staleAtMs <= core.nowMs()) core.counters.staleHits += 1
      return this.#copy(found.entry.value)
    }
    if (found.kind === 'unproven') return this.handOut(path, found.entry, core.nowMs())
    if (found.kind === 'away' && stale !== undefined) return this.handOut(path, stale, core.nowMs())
    if (core.emitter.isHeard) core.emitter.emit({ type: 'read.miss', namespace: this.#scope.name, key: path })
    return undefined
  }

  async #getWithOptions(path: string, inL1: InL1, options: AnyGetOptions): Promise<unknown> {
    checkOptionNames(options, getOptionNames, 'get')
    const isExact = options.exact === undefined ? false : checkFlag(options.exact, 'exact')
    const check = valueCheck(options)
    const entry = isExact ? undefined : inL1.entry
    // What a schema may refuse is read anew: the tier that counts it as a hit must be known.
    const doubted = isExact || check !== undefined ? this.#pass(inL1) : inL1.doubted
    const value = await (entry === undefined ? this.#getFromL2(path, undefined, doubted, isExact) : this.#serve(path, entry))
    if (check === undefined || value === undefined) return value
    const verdict = await checkStored(value, check)
    if (verdict.isValid) return verdict.value
    reportRefusal(this.#core, this.#scope, path, entry === undefined ? 'l2' : 'l1')
    if (entry !== undefined) return this.#getWithOptions(path, notInL1, options)
    if (this.#core.emitter.isHeard) this.#core.emitter.emit({ type: 'read.miss', namespace: this.#scope.name, key: path })
    return undefined
  }

  getOrSet(path: string, inL1: InL1, load: Loader<unknown>, options: CallOptions | undefined, onWait?: () => void): Promise<unknown> {
    if (options?.schema !== undefined) return this.#askChecked(path, inL1, load, options, onWait)
    return this.#ask(path, inL1, load, options, onWait)
  }

  async #askChecked(path: string, inL1: InL1, load: Loader<unknown>, options: CallOptions, onWait?: () => void): Promise<unknown> {
    const check = valueCheck(options) as ValueCheck
    let { entry } = inL1
    if (entry?.value !== undefined && !(await checkStored(this.#copy(entry.value), check)).isValid) {
      reportRefusal(this.#core, this.#scope, path, undefined)
      entry = undefined
    }
    const nowMs = this.#core.nowMs()
    const isSimple = entry !== undefined && isPlain(options) && nowMs < entry.lookAtMs
    const joined = await (isSimple
      ? this.handOut(path, entry as Entry, nowMs)
      : this.#ask(path, { entry, doubted: inL1.doubted }, load, options, onWait))
    if (joined === undefined) return undefined
    const verdict = await checkStored(joined, check)
    if (verdict.isValid) return verdict.value
    // It was the flight of a caller with another schema or none.
    this.#scope.l1?.delete(path)
    const own = await checkStored(await this.#ask(path, notInL1, load, options, onWait), check)
    if (own.isValid) return own.value
    throw mismatch('getOrSet', own.where, path)
  }

  /** What L1 cannot simply hand out: nothing is there, or an entry that may be due for a refresh. */
  #ask(path: string, inL1: InL1, load: Loader<unknown>, options: CallOptions | undefined, onWait?: () => void): Promise<unknown> {
    const core = this.#core
    const scope = this.#scope
    checkLoader(load, path)
    const policy = callPolicy(core.policy, options, getOrSetOptionNames, 'getOrSet')
    const isForced = options?.forceFresh === undefined ? false : checkFlag(options.forceFresh, 'forceFresh')
    const isExact = options?.exact === undefined ? false : checkFlag(options.exact, 'exact')
    const signal = checkSignal(options?.signal)
    if (signal?.aborted === true) throw signal.reason
    const check = options === undefined ? undefined : valueCheck(options)
    const entry = isExact ? undefined : inL1.entry
    const doubted = isExact || isForced || check !== undefined ? this.#pass(inL1) : inL1.doubted
    const request = {
      scope,
      path,
      load,
      policy,
      isForced,
      isExact,
      known: entry,
      doubted,
      check,
      onWait,
      tags: this.#tagsOf(options),
      lateTags: this.#lateTagsOf(options),
      isInLoad: core.loads?.isInside === true,
    }
    if (entry !== undefined && !isForced && core.nowMs() < entry.staleAtMs) return this.#refreshIfDue(request, entry)
    const flight = isForced || isExact ? undefined : scope.flights.get(path)
    const mayJoin = flight === undefined ? 'no' : joinable(core, scope, flight, path)
    const result =
      mayJoin === 'maybe'
        ? this.#joinIfConfirmed(flight as Flight, request, signal)
        : this.#join(mayJoin === 'yes' ? flight : undefined, request, signal)
    return this.#copies ? result.then((held) => this.#copy(held)) : result
  }

  /** @param leftMs of its `hardTimeout` */
  #join(flight: Flight | undefined, request: LoadRequest, signal: AbortSignal | undefined, leftMs?: number): Promise<unknown> {
    const { hardTimeoutMs } = request.policy
    if (flight === undefined) return startFlight(this.#core, request).join(signal, hardTimeoutMs, leftMs)
    const { counters, emitter } = this.#core
    flight.joinedAtMs = this.#core.nowMs()
    counters.loadsJoined += 1
    if (emitter.isHeard) emitter.emit({ type: 'load.joined', namespace: this.#scope.name, key: request.path })
    request.onWait?.()
    return flight.join(signal, hardTimeoutMs, leftMs)
  }

  /** Something was heard of the key since the flight began: it may have been the flight itself. */
  async #joinIfConfirmed(flight: Flight, request: LoadRequest, signal: AbortSignal | undefined): Promise<unknown> {
    const core = this.#core
    const { hardTimeoutMs } = request.policy
    const askedAtMs = core.deadlineNowMs()
    let isL2Away = false
    const confirming = confirm(core, this.#scope, flight).catch((error) => {
      failedRead(core, this.#scope, error)
      isL2Away = true
      return false
    })
    const isConfirmed = await inTime(core, confirming, { signal, hardTimeoutMs }, request.path)
    const leftMs = hardTimeoutMs - (core.deadlineNowMs() - askedAtMs)
    if (isConfirmed) return this.#join(flight, request, signal, leftMs)
    const current = this.#scope.flights.get(request.path)
    const isAnother = current !== undefined && current !== flight && joinable(core, this.#scope, current, request.path) === 'yes'
    return this.#join(isAnother ? current : undefined, { ...request, isL2Away }, signal, leftMs)
  }

  /** Hands out what is fresh, and loads it anew in the background where it is time to. */
  #refreshIfDue(request: LoadRequest, entry: Entry): Promise<unknown> {
    const core = this.#core
    const { path, policy } = request
    const nowMs = core.nowMs()
    if (policy.sliding) this.#slideInL1(path, entry, policy, nowMs)
    const isDue = wantsRefresh(entry, policy, nowMs, core.random) || (wantsSlide(entry, policy, nowMs) && core.l2 !== undefined)
    if (isDue && !this.#scope.flights.has(path)) {
      entry.restUntilStale()
      startFlight(core, request)
    }
    return this.handOut(path, entry, nowMs)
  }

  /** Without L2 there is no other copy: the entry gets its full ttl again here. */
  #slideInL1(path: string, entry: Entry, policy: Policy, nowMs: number): void {
    if (this.#core.l2 !== undefined || !wantsSlide(entry, policy, nowMs)) return
    const lengthMs = entry.staleAtMs - entry.createdAtMs
    const staleAtMs = nowMs + lengthMs
    const renewed = new Entry(entry.value, nowMs, staleAtMs, staleAtMs + entry.deadAtMs - entry.staleAtMs, entry.loadCostMs, policy)
    renewed.sizeBytes = entry.sizeBytes
    renewed.tokens = entry.tokens
    keepInL1(this.#core, { scope: this.#scope, path, policy }, renewed)
  }

  /** What L1 has is not even asked about: a miss. */
  #pass({ doubted }: InL1): undefined {
    if (doubted !== undefined) this.#core.counters.l1Misses += 1
  }

  #tagsOf(options: CallOptions | undefined): LoadRequest['tags'] {
    const given = options?.tags
    return given === undefined || typeof given === 'function' ? noTags : tagNames(given, 'getOrSet', this.#core.format)
  }

  /** Those that only the value tells. */
  #lateTagsOf(options: CallOptions | undefined): LoadRequest['lateTags'] {
    const given = options?.tags as TagsOption<unknown> | undefined
    if (typeof given !== 'function') return undefined
    const { format } = this.#core
    checkRoom(format, 'getOrSet')
    return (value) => tagNames(given(value), 'getOrSet', format)
  }

  #copy(held: unknown): unknown {
    return this.#copies ? this.#core.format.values.handOut(held) : held
  }
}

/** Whether nothing in the options keeps a hit in L1 from being handed out. */
export function isPlain(options: CallOptions): boolean {
  return options.forceFresh === undefined && options.schema === undefined && options.exact === undefined
}

const noTags: readonly string[] = []

function checkLoader(load: Loader<unknown>, key: string): void {
  if (typeof load === 'function') return
  throw new UsageError('TIERCEL_INVALID_LOADER', `getOrSet: the loader must be a function, not ${show(load)}.`, { key })
}
