import { ServerError, UsageError } from '../kernel/errors.ts'
import type { Store } from '../stores/store.ts'
import { BusLink } from './bus-link.ts'
import { type ChangeListener, Changes, type Follow } from './changes.ts'
import type { Coherence } from './coherence-options.ts'
import { LaggingStore } from './lagging-store.ts'
import type { Pace } from './pace.ts'
import type { Proof } from './proof.ts'
import { RecentKeys } from './recent-keys.ts'
import { TellingStore } from './telling-store.ts'

const clockSlackMs = 50

/** A store as a cache uses it, and how this process hears of changes to it; `undefined`: not at all. */
export interface LinkedStore {
  readonly store: Store
  readonly changes: Changes | undefined
}

export interface LinkNames {
  /** What the keys of the cache begin with. */
  readonly prefixes: readonly string[]
  readonly channel: string
}

export interface LinkContext {
  readonly proof: Proof
  readonly listener: ChangeListener
  readonly pace: Pace
}

/** Links a store by mode. What a store keeps in this process needs none: it tells of all changes itself. */
export function linkStore(given: Store, coherence: Coherence, names: LinkNames, context: LinkContext): LinkedStore {
  const lagMs = given.readLagMs ?? 0
  if (lagMs === 0) return linkByMode(given, coherence, names, context)
  const { listener, pace } = context
  // The clock is coarse.
  const recent = new RecentKeys(lagMs + clockSlackMs, pace.nowMs)
  const onChange = (keys: readonly string[] | null): void => {
    recent.add(keys)
    listener.onChange(keys)
  }
  return linkByMode(new LaggingStore(given, recent), coherence, names, { ...context, listener: { ...listener, onChange } })
}

function linkByMode(store: Store, coherence: Coherence, names: LinkNames, { proof, listener, pace }: LinkContext): LinkedStore {
  const { mode } = coherence
  const hear = (follow: Follow): Changes => new Changes(withAdvice(follow, mode), proof, listener, pace)
  if (mode === 'off') return { store, changes: undefined }
  if (mode === 'bus' && store.messages !== undefined) {
    const bus = new BusLink(store.messages, names, proof.boundMs, pace.clock)
    const telling = new TellingStore(
      store,
      (keys, tags) => bus.tell(keys, tags),
      () => bus.close(),
    )
    return { store: telling, changes: hear((feed) => bus.follow(feed)) }
  }
  if (store.follow === undefined) return { store, changes: mode === 'broadcast' ? undefined : hear(async () => refuse(store, mode)) }
  const changes = hear(followBy(store, coherence, names))
  return { store: mode === 'broadcast' ? store : tellingItself(store, changes), changes }
}

function followBy(store: Store, { mode, noLoop }: Coherence, { prefixes }: LinkNames): Follow {
  const options = { prefixes, mode: mode === 'default' || mode === 'optin' ? mode : 'broadcast', noLoop } as const
  return (feed) => (store.follow as NonNullable<Store['follow']>)(options, feed)
}

/**
 * A server that remembers readers forgets one with the next change of a key, also with its own. So what this process has changed is taken here as if
 * somebody else had: before L1 serves it, it is read, and watched from then on.
 */
function tellingItself(store: Store, changes: Changes): Store {
  return new TellingStore(store, (keys, tags) => void changes.tellOwn([...keys, ...tags]))
}

/** What the server has not got, or does not allow, will not be there a second later. */
function withAdvice(follow: Follow, mode: Coherence['mode']): Follow {
  return async (feed) => {
    try {
      return await follow(feed)
    } catch (error) {
      if (!(error instanceof ServerError) || !isLasting(error)) throw error
      const instead = mode === 'bus' ? "'off'" : "'bus' or 'off'"
      const text = `coherence.mode: '${mode}' is refused by the server: ${error.message} Use mode ${instead}, or allow it.`
      throw new UsageError('TIERCEL_UNSUPPORTED', text, { cause: error })
    }
  }
}

function isLasting({ reply, message }: ServerError): boolean {
  return reply === 'NOPERM' || /unknown (sub)?command/i.test(message)
}

function refuse(store: Store, mode: Coherence['mode']): never {
  throw new UsageError('TIERCEL_UNSUPPORTED', `coherence.mode: the store '${store.name}' cannot do '${mode}'. Use 'off'.`)
}
