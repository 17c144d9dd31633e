import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Tracking } from './client.ts'
import { longestPauseMs } from './kept-link.ts'
import type { Link, TrackerEvents } from './link.ts'
import { LinkLife } from './link-life.ts'
import { LinkNews } from './link-news.ts'
import { openTracking } from './tracking.ts'

/** A node whose tracking links are counted and can be cut. */
class FakeNode {
  isAway = false
  readonly open = new Set<TrackerEvents>()

  link(): Link {
    return {
      openTracker: async (_: readonly string[], events: TrackerEvents) => {
        if (this.isAway) throw new Error('away')
        this.open.add(events)
        return { ping: async () => {}, close: () => void this.open.delete(events) }
      },
    } as unknown as Link
  }

  cut(): void {
    for (const events of [...this.open]) {
      this.open.delete(events)
      events.onEnd()
    }
  }
}

describe('tracking on a cluster', () => {
  const a = () => nodes.get('a') as FakeNode
  let nodes: Map<string, FakeNode>
  let events: string[]
  let tracking: Tracking

  const primaries = async () => new Map([...nodes].map(([address, node]) => [address, node.isAway ? undefined : node.link()]))
  const listener = { onInvalidate: () => {}, onDown: () => void events.push('down'), onUp: () => void events.push('up') }

  beforeEach(async () => {
    vi.useFakeTimers()
    nodes = new Map([
      ['a', new FakeNode()],
      ['b', new FakeNode()],
    ])
    events = []
    tracking = await openTracking('fake', { topology: 'cluster', news: new LinkNews(), primaries }, { prefixes: ['p:'] }, listener)
  })
  afterEach(async () => {
    await tracking.close()
    vi.useRealTimers()
  })

  it('has one link per primary, and is silent as long as nothing happens', async () => {
    await tracking.ping()
    expect([...nodes.values()].map(({ open }) => open.size)).toEqual([1, 1])
    expect(events).toEqual([])
  })

  it('is down until the last lost link is back', async () => {
    for (const node of nodes.values()) node.cut()
    expect(events).toEqual(['down'])
    await expect(tracking.ping()).rejects.toMatchObject({ code: 'TIERCEL_STORE_UNAVAILABLE' })
    a().isAway = true
    await vi.advanceTimersByTimeAsync(5000)
    expect(events).toEqual(['down'])
    a().isAway = false
    await vi.advanceTimersByTimeAsync(longestPauseMs)
    expect(events).toEqual(['down', 'up'])
  })

  it('stays down while a primary is known but lost', async () => {
    a().isAway = true
    a().cut()
    await vi.advanceTimersByTimeAsync(60_000)
    await expect(tracking.ping()).rejects.toThrow()
    expect(events).toEqual(['down'])
  })

  it('follows the primaries at the next heartbeat', async () => {
    const b = nodes.get('b') as FakeNode
    nodes.delete('b')
    nodes.set('c', new FakeNode())
    await tracking.ping()
    expect(events).toEqual(['down', 'up'])
    expect(b.open.size).toBe(0)
    expect(nodes.get('c')?.open.size).toBe(1)
  })

  it('is not up without any primary', async () => {
    nodes.clear()
    await expect(tracking.ping()).rejects.toMatchObject({ code: 'TIERCEL_STORE_UNAVAILABLE' })
    expect(events).not.toContain('up')
  })

  it('opens nothing again after close', async () => {
    const opened = [...nodes.values()]
    opened[0]?.cut()
    await tracking.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(opened.map(({ open }) => open.size)).toEqual([0, 0])
    expect(events).toEqual(['down'])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('tracking on the data link of a cluster', () => {
  /** A link whose server accepts everything, and what was sent to it. */
  function fakeLink(address: string, news: LinkNews) {
    const life = new LinkLife(news)
    const sent: string[] = []
    let redirect = -1
    const send = async (words: readonly string[]) => {
      const text = words.join(' ')
      sent.push(text)
      if (text.startsWith('CLIENT TRACKING ON')) redirect = 7
      if (text === 'CLIENT TRACKING OFF') redirect = -1
      if (text === 'CLIENT GETREDIR') return redirect
      if (text === 'CLIENT TRACKINGINFO') return ['flags', ['on'], 'redirect', redirect]
      return null
    }
    const openReceiver = async () => ({ id: '7', ping: async () => {}, close: () => {} })
    return { address, isReady: true, life, sent, send, ready: async () => {}, openReceiver, untrackable: undefined }
  }

  it('is down from the moment that links change until every primary has its pair, once each', async () => {
    const news = new LinkNews()
    const links = new Map([['a', fakeLink('a', news)]])
    const events: string[] = []
    const nodes = { topology: 'cluster', news, primaries: async () => new Map(links) as unknown as Map<string, Link> } as const
    const tracking = await openTracking(
      'fake',
      nodes,
      { prefixes: ['p:'], mode: 'optin' },
      { onInvalidate: () => {}, onDown: () => void events.push('down'), onUp: () => void events.push('up') },
    )
    const b = fakeLink('b', news)
    links.set('b', b)
    news.opened()
    expect(events).toEqual(['down'])
    news.opened()
    await Promise.all([tracking.ping(), tracking.ping()])
    expect(events).toEqual(['down', 'up'])
    expect(b.sent.filter((text) => text.startsWith('CLIENT TRACKING ON'))).toHaveLength(1)
    news.opened()
    expect(events.at(-1)).toBe('down')
    await vi.waitFor(() => expect(events.at(-1)).toBe('up'))
    await tracking.close()
    expect(b.sent.at(-1)).toBe('CLIENT TRACKING OFF')
    news.opened()
    expect(events.at(-1)).toBe('up')
  })
})
