import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { MessageListener, Messages } from '../stores/store.ts'
import { type Bus, createBus } from './bus.ts'
import { decodeMessage } from './bus-message.ts'

/** A server with pub/sub that loses, delays and changes what a test tells it to. */
class Broker {
  readonly listeners = new Map<MessageListener, readonly string[]>()
  readonly published: { channel: string; bytes: Buffer }[] = []
  /** What becomes of a message: as it is by default. */
  pass: (channel: string, bytes: Buffer) => Buffer | undefined = (_, bytes) => bytes
  isAway = false

  deliver(channel: string, bytes: Buffer): void {
    for (const [listener, channels] of this.listeners) if (channels.includes(channel)) listener.onMessage(channel, bytes)
  }

  messages(): Messages {
    return {
      publish: async (channel, bytes) => {
        if (this.isAway) throw new Error('away')
        this.published.push({ channel, bytes })
        const passed = this.pass(channel, bytes)
        if (passed !== undefined) this.deliver(channel, passed)
      },
      subscribe: async (channels, listener) => {
        this.listeners.set(listener, channels)
        return { close: async () => void this.listeners.delete(listener) }
      },
    }
  }
}

const clock = { monotonicMs: () => Date.now() }

describe('the bus', () => {
  let broker: Broker
  let buses: Bus[]
  let events: string[]

  async function join(name: string): Promise<Bus> {
    const listener = {
      onInvalidate: (keys: readonly string[], tags: readonly string[]) =>
        void events.push(`${name}: ${[...keys, ...tags.map((tag) => `#${tag}`)].join()}`),
      onGap: (reason: string) => void events.push(`${name}: ${reason}`),
    }
    const bus = await createBus(broker.messages(), 'bus', listener, { heartbeat: 100, clock })
    buses.push(bus)
    return bus
  }

  let a: Bus
  let b: Bus

  beforeEach(async () => {
    vi.useFakeTimers()
    broker = new Broker()
    buses = []
    events = []
    a = await join('a')
    b = await join('b')
  })
  afterEach(async () => {
    for (const bus of buses) await bus.close()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('tells the others, not oneself', async () => {
    await a.publish({ keys: ['k', '__proto__'], tags: ['t'] })
    await b.publish({ tags: ['u'] })
    expect(events).toEqual(['b: k,__proto__,#t', 'a: #u'])
    expect(a.stats).toEqual({ received: 1, own: expect.any(Number), gaps: 0, malformed: 0, unreadable: 0 })
  })

  it('is silent as long as nothing is lost', async () => {
    for (let round = 0; round < 10; round++) await a.publish({ keys: ['k'] })
    events.length = 0
    await vi.advanceTimersByTimeAsync(600_000)
    expect(events).toEqual([])
  })

  it('notices one that was lost with the next one, before that is told', async () => {
    await a.publish({ keys: ['1'] })
    broker.pass = () => undefined
    await a.publish({ keys: ['2'] })
    broker.pass = (_, bytes) => bytes
    await a.publish({ keys: ['3'] })
    expect(events).toEqual(['b: 1', 'b: missed', 'b: 3'])
  })

  it('notices that the last one was lost, when the sender goes quiet', async () => {
    await a.publish({ keys: ['1'] })
    broker.pass = (channel, bytes) => (channel === 'bus' ? undefined : bytes)
    await a.publish({ keys: ['2'] })
    await vi.advanceTimersByTimeAsync(250)
    broker.pass = (_, bytes) => bytes
    await vi.advanceTimersByTimeAsync(400)
    expect(events).toEqual(['b: 1', 'b: missed'])
  })

  it('notices one that could not be published, and says so to who wanted it', async () => {
    broker.isAway = true
    await expect(a.publish({ keys: ['1'] })).rejects.toThrow('away')
    broker.isAway = false
    await a.publish({ keys: ['2'] })
    expect(events).toEqual(['b: missed', 'b: 2'])
  })

  it('takes those that come in another order for a gap once, and tells them all', async () => {
    const held: Buffer[] = []
    broker.pass = (channel, bytes) => {
      if (channel === 'bus') held.push(bytes)
      return channel === 'bus' ? undefined : bytes
    }
    for (const key of ['1', '2', '3']) await a.publish({ keys: [key] })
    for (const index of [0, 2, 1, 2]) broker.deliver('bus', held[index] as Buffer)
    expect(events).toEqual(['b: 1', 'b: missed', 'b: 3', 'b: 2', 'b: 3'])
  })

  it('trusts a sender that has just begun, and not one that was there before', async () => {
    await a.publish({ keys: ['1'] })
    await join('c')
    await a.publish({ keys: ['2'] })
    expect(events.slice(1)).toEqual(['b: 2', 'c: missed', 'c: 2'])
    events.length = 0
    await b.publish({ keys: ['first'] })
    expect(events).toEqual(['a: first', 'c: first'])
  })

  it('distrusts what a later version tells, and not its heartbeats', async () => {
    broker.pass = (_, bytes) => {
      const later = Buffer.from(bytes)
      later[1] = 2
      return later
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(events).toEqual([])
    await a.publish({ keys: ['1'] })
    expect(events).toEqual(['b: unreadable'])
    expect(b.stats.unreadable).toBe(1)
    broker.pass = (_, bytes) => bytes
    await a.publish({ keys: ['2'] })
    expect(events).toEqual(['b: unreadable', 'b: 2'])
  })

  it('ignores bytes that are no message, and counts them', async () => {
    for (const text of ['', 'hello', '\xcb', `\xcb${'\x01'.repeat(40)}`]) broker.deliver('bus', Buffer.from(text, 'latin1'))
    expect(events).toEqual([])
    expect([a.stats.malformed, b.stats.malformed]).toEqual([4, 4])
    await a.publish({ keys: ['1'] })
    expect(events).toEqual(['b: 1'])
  })

  it('notices what was broken on its way', async () => {
    broker.pass = (channel, bytes) => (channel === 'bus' ? bytes.subarray(0, bytes.length - 1) : bytes)
    await a.publish({ keys: ['1'] })
    broker.pass = (_, bytes) => bytes
    await a.publish({ keys: ['2'] })
    expect(events).toEqual(['b: missed', 'b: 2'])
  })

  it('proves the way there and back by when it was sent', async () => {
    await vi.advanceTimersByTimeAsync(1000)
    expect(a.provenAtMs).toBe(Date.now())
    const held: { channel: string; bytes: Buffer }[] = []
    broker.pass = (channel, bytes) => void held.push({ channel, bytes })
    await vi.advanceTimersByTimeAsync(100)
    const sentAtMs = Date.now()
    await vi.advanceTimersByTimeAsync(150)
    expect(a.provenAtMs).toBe(sentAtMs - 100)
    for (const { channel, bytes } of held.splice(0, 2)) broker.deliver(channel, bytes)
    expect([a.provenAtMs, b.provenAtMs]).toEqual([sentAtMs, sentAtMs])
  })

  it('notices the silence of its own link, once, and its end', async () => {
    broker.pass = (channel, bytes) => (channel === `bus:${a.sender}` ? undefined : bytes)
    await vi.advanceTimersByTimeAsync(2000)
    expect(events).toEqual(['a: silent'])
    const provenAtMs = a.provenAtMs
    broker.pass = (_, bytes) => bytes
    await vi.advanceTimersByTimeAsync(1000)
    expect(a.provenAtMs).toBeGreaterThan(provenAtMs)
    expect(events).toEqual(['a: silent'])
    broker.isAway = true
    await vi.advanceTimersByTimeAsync(2000)
    expect(events).toEqual(['a: silent', 'a: silent', 'b: silent'])
  })

  it('distrusts when its link is lost, and when it is back', () => {
    const [listener] = [...broker.listeners.keys()]
    listener?.onDown?.()
    listener?.onUp?.()
    expect(events).toEqual(['a: down', 'a: up'])
  })

  it('splits what is too much for one message', async () => {
    const keys = Array.from({ length: 1200 }, (_, index) => `k${index}`)
    await a.publish({ keys, tags: ['t'] })
    const told = broker.published.filter(({ channel, bytes }) => channel === 'bus' && decodeMessage(bytes)?.kind === 'invalidation')
    expect(told).toHaveLength(3)
    expect(events.map((event) => event.slice(3)).join()).toBe([...keys, '#t'].join())
    await a.publish({})
    expect(events).toHaveLength(3)
  })

  it('does not tell everybody all the time', async () => {
    await a.publish({ keys: ['k'] })
    broker.published.length = 0
    await vi.advanceTimersByTimeAsync(64_000)
    const shared = broker.published.filter(({ channel }) => channel === 'bus')
    expect(shared.length).toBeLessThan(2 * 30)
  })

  it('says nothing after its end, and refuses', async () => {
    await b.close()
    await b.close()
    await a.publish({ keys: ['k'] })
    expect(events).toEqual([])
    await expect(b.publish({ keys: ['k'] })).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
  })

  it('refuses what does not fit', async () => {
    await expect(a.publish({ keys: ['x'.repeat(70_000)] })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    await expect(createBus(broker.messages(), 'bus', { onInvalidate() {}, onGap() {} }, { heartbeat: 5 })).rejects.toMatchObject({
      code: 'TIERCEL_INVALID_OPTION',
    })
  })
})
