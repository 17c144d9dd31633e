import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { ServerError, type UsageError } from '../kernel/errors.ts'
import { memoryStore } from '../stores/memory/memory-store.ts'
import type { FollowOptions, MessageListener, Messages, Store } from '../stores/store.ts'
import { decodeMessage } from './bus-message.ts'
import { type Coherence, checkCoherence } from './coherence-options.ts'
import { type LinkedStore, linkStore } from './linked-store.ts'
import { Proof } from './proof.ts'

const names = { prefixes: ['e:'], channel: 'bus' }
const pace = { clock: systemClock, nowMs: () => performance.now(), random: () => 0.5 }
const value = Buffer.from('V')

describe('a store is linked', () => {
  const open: LinkedStore[] = []
  afterEach(async () => {
    for (const { changes, store } of open.splice(0)) {
      await changes?.close()
      await store.close()
    }
  })

  function link(store: Store, options: Partial<Coherence>): LinkedStore & { readonly heard: (readonly string[] | null | UsageError)[] } {
    const heard: (readonly string[] | null | UsageError)[] = []
    const coherence = { ...checkCoherence({ maxStaleness: 100 }), ...options }
    const listener = {
      onChange: (keys: readonly string[] | null) => void heard.push(keys),
      onRefused: (error: UsageError) => void heard.push(error),
    }
    const linked = linkStore(store, coherence, names, { proof: new Proof(coherence.maxStalenessMs), listener, pace })
    open.push(linked)
    return { ...linked, heard }
  }

  /** Pushes nothing by itself, as a server of which nobody has read. */
  function remote(store: Store = memoryStore(), messages?: Messages): Store & { asked: FollowOptions[] } {
    const asked: FollowOptions[] = []
    const follow: Store['follow'] = async (options) => {
      asked.push(options)
      return { isLocal: false, prove: async () => undefined, close: async () => undefined }
    }
    return Object.assign(store, { follow, asked, ...(messages && { messages }) })
  }

  async function changeAll(store: Store): Promise<void> {
    await store.claim({ key: 'e:claimed', value, ttlMs: 1000 })
    await store.claim({ key: 'e:claimed', value, ttlMs: 1000 })
    await store.swap({ key: 'e:claimed', expected: value, isWhole: true, value: undefined, ttlMs: 1 })
    await store.swap({ key: 'e:none', expected: value, isWhole: true, value: undefined, ttlMs: 1 })
    await store.setMany([{ key: 'e:set', value, ttlMs: 1000 }])
    await store.overwrite('e:set', 0, value)
    await store.deleteMany(['e:set'])
    await store.fence({ keys: ['t'], counter: 'n', op: 'close', forMs: 0, ttlMs: 1 })
    await store.ageTags(['t'], 'n')
    await store.snap({ counter: 'n', tags: [{ key: 't', lifeMs: 1000 }] })
    await store.claim({ key: 'r:lock', value, ttlMs: 1000 })
  }
  const changed = ['e:claimed', 'e:claimed', 'e:set', 'e:set', 'e:set', 't', 't']

  it('as it is, where nobody is heard, or all is', () => {
    const store = memoryStore()
    expect(link(store, { mode: 'off' })).toMatchObject({ store, changes: undefined })
    expect(link(store, { mode: 'broadcast' }).store).toBe(store)
  })

  it.each(['default', 'optin'] as const)('by %s: what is changed over it is questioned before the caller goes on', async (mode) => {
    const inner = remote()
    const { store, changes, heard } = link(inner, { mode, noLoop: true })
    changes?.start()
    await expect.poll(() => changes?.isUp).toBe(true)
    expect(inner.asked).toEqual([{ prefixes: ['e:'], mode, noLoop: true }])
    heard.length = 0
    await store.setMany([{ key: 'e:k', value, ttlMs: 1000 }])
    expect(heard).toEqual([['e:k']])
    heard.length = 0
    await changeAll(store)
    expect(heard.flat()).toEqual([...changed, 'r:lock'])
  })

  it('by default, to one in this process: that tells of changes itself', async () => {
    const { store, changes, heard } = link(memoryStore(), { mode: 'default' })
    changes?.start()
    await expect.poll(() => changes?.isUp).toBe(true)
    await store.setMany([{ key: 'e:k', value, ttlMs: 1000 }])
    await expect.poll(() => heard).toEqual([['e:k']])
  })

  it('by bus: tells others of what it has changed, of its own keys and tags, and needs to hear nobody for it', async () => {
    const sent: Buffer[] = []
    const messages: Messages = {
      publish: async (_, bytes) => void sent.push(bytes),
      subscribe: () => Promise.reject(new Error('not needed')),
    }
    const { store } = link(remote(memoryStore(), messages), { mode: 'bus' })
    await changeAll(store)
    const told = sent.map((bytes) => decodeMessage(bytes)).filter((message) => message?.kind === 'invalidation')
    expect(told.flatMap((message) => [...(message?.keys ?? []), ...(message?.tags ?? [])])).toEqual(changed)
    expect(told.map((message) => message?.sequence)).toEqual(changed.map((_, at) => at + 1))
  })

  it('by bus: hears others; what cannot be told keeps nobody from changing, and is noticed by its number', async () => {
    const listeners: MessageListener[] = []
    let isAway = false
    const messages: Messages = {
      publish: async (channel, bytes) => {
        if (isAway) throw new Error('away')
        for (const listener of listeners) listener.onMessage(channel, bytes)
      },
      subscribe: async (_, listener) => {
        listeners.push(listener)
        return { close: async () => undefined }
      },
    }
    const a = link(remote(memoryStore(), messages), { mode: 'bus' })
    const b = link(remote(memoryStore(), messages), { mode: 'bus' })
    a.changes?.start()
    await expect.poll(() => a.changes?.isUp).toBe(true)
    a.heard.length = 0
    await b.store.deleteMany(['e:1'])
    expect(a.heard).toEqual([['e:1']])
    isAway = true
    await b.store.deleteMany(['e:2'])
    isAway = false
    await expect.poll(() => a.heard).toEqual([['e:1'], null])
  })

  it('in vain: what the server does not allow is told once, with what to use instead', async () => {
    let asked = 0
    const store = Object.assign(memoryStore(), {
      follow: () => {
        asked += 1
        return Promise.reject(new ServerError("NOPERM User default has no permissions to run the 'client|tracking' command"))
      },
    })
    const { changes, heard } = link(store, { mode: 'broadcast' })
    changes?.start()
    await expect.poll(() => heard).toMatchObject([{ code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining("'bus' or 'off'") }])
    changes?.start()
    expect(asked).toBe(1)
  })
})
