import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, oneOf, wholeNumber } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'

/** How a process keeps its own copies in step with the others. */
export interface CoherenceOptions {
  /**
   * How this process hears of changes by others. Default: `'broadcast'`.
   *
   * - `'broadcast'`: the server tells of every change under this cache's keys, over a link of its own. Works with every client, remembers nothing on
   *   the server, and costs a message per change and process.
   * - `'default'`: the server remembers what was read over the client's own link, and tells of its next change. For many processes that each hold
   *   another part of many keys. What this process stores itself is asked for once before L1 serves it.
   * - `'optin'`: as `'default'`, but only for reads of this cache, where the client is used for other things too.
   * - `'bus'`: the processes tell each other over pub/sub, where tracking is not allowed. All of them need this mode and the same `namespace`, and the
   *   channels `tc1:b:*`. **Only what was changed through a cache is heard**: not FLUSHALL, not evictions, not other programs, not a process that dies
   *   between its change and its message. `maxStaleness` does not bound those; the ttl does.
   * - `'off'`: no link at all. What is in L1 is asked for again after each `maxStaleness`.
   *
   * Where the client or the server cannot do what is asked for, the event `link.refused` says what to use instead, and the cache goes on as with `'off'`.
   */
  readonly mode?: CoherenceMode
  /**
   * Whether the server leaves out what this process changes itself: with `'broadcast'` it saves a message and a short read for each value that is
   * loaded, from Valkey 8.1 on; with `'default'` and `'optin'` a message. What a script changes is told by every server all the same. The client must then be this cache's alone: what another one changes over it is not heard either.
   * Tracking is set on the client's own link, which must not be tracked for something else. Default: false.
   */
  readonly noLoop?: boolean
  /**
   * The bound on staleness: how long a value, or what is known of its tags, is served from this process without proof that a change of it would have
   * been heard. 50 ms to 1 minute. Default: `'1s'`.
   */
  readonly maxStaleness?: Duration
  /**
   * What becomes of L1 while L2 cannot be asked. Default: `'bypass'`.
   *
   * - `'bypass'`: a value is served for what is left of `maxStaleness`; then loaders are called, once per process, key and `maxStaleness`.
   * - `{ serveStaleFor }`: values that nothing was heard of are served for so much longer before loaders are called.
   */
  readonly onDisconnect?: OnDisconnect
  /** Most keys and tags that are remembered to be invalidated again after a failover; beyond, whole namespaces are. 100 to 1 000 000. Default: 20 000. */
  readonly journalKeys?: number
}

export type OnDisconnect = 'bypass' | { readonly serveStaleFor: Duration }

export type CoherenceMode = (typeof modes)[number]

export interface Coherence {
  readonly mode: CoherenceMode
  readonly noLoop: boolean
  readonly maxStalenessMs: number
  readonly serveStaleForMs: number
  readonly journalKeys: number
}

const modes = ['broadcast', 'default', 'optin', 'bus', 'off'] as const
const shortestMs = 50
const longestMs = 60_000

/** @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} */
export function checkCoherence(options: CoherenceOptions): Coherence {
  checkOptionNames(options, ['mode', 'noLoop', 'maxStaleness', 'onDisconnect', 'journalKeys'], 'coherence')
  const { noLoop = false, maxStaleness = '1s', onDisconnect = 'bypass', journalKeys = 20_000 } = options
  const mode = oneOf(options.mode ?? 'broadcast', modes, 'coherence.mode')
  if (typeof noLoop !== 'boolean' || (noLoop && (mode === 'bus' || mode === 'off'))) {
    const text = `coherence.noLoop: ${show(noLoop)} is not allowed with mode '${mode}'. Allowed: true with 'broadcast', 'default', 'optin'; false.`
    throw new UsageError('TIERCEL_INVALID_OPTION', text)
  }
  const maxStalenessMs = durationMs(maxStaleness, 'maxStaleness')
  if (maxStalenessMs < shortestMs || maxStalenessMs > longestMs) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `maxStaleness: ${show(maxStaleness)} is not allowed. Allowed: 50 ms to 1 minute.`)
  }
  return {
    mode,
    noLoop,
    maxStalenessMs,
    serveStaleForMs: serveStaleMs(onDisconnect),
    journalKeys: wholeNumber(journalKeys, 100, 1_000_000, 'journalKeys'),
  }
}

function serveStaleMs(given: OnDisconnect): number {
  if (given === 'bypass') return 0
  if (typeof given !== 'object' || given === null) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `onDisconnect: ${show(given)} is not allowed. Allowed: 'bypass', { serveStaleFor }.`)
  }
  checkOptionNames(given, ['serveStaleFor'], 'onDisconnect')
  return durationMs(given.serveStaleFor, 'serveStaleFor')
}
