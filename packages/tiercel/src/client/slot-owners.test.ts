import { beforeEach, describe, expect, it } from 'vitest'
import type { Link } from './link.ts'
import { LinkNews } from './link-news.ts'
import { SlotOwners } from './slot-owners.ts'

const a = { address: 'a', isReady: true } as Link
const b = { address: 'b', isReady: true } as Link

describe('the owners of slots', () => {
  let map: Map<number, Link>
  let told: number
  let owners: SlotOwners

  beforeEach(() => {
    map = new Map([
      [1, a],
      [2, a],
      [3, b],
    ])
    told = 0
    const news = new LinkNews()
    news.listen(() => told++)
    owners = new SlotOwners((slot) => map.get(slot), news)
    for (const slot of map.keys()) owners.of(slot)
  })

  it('are silent while the map stays', () => {
    expect([1, 2, 3, 4].map((slot) => owners.of(slot))).toEqual([a, a, b, undefined])
    expect(told).toBe(0)
  })

  it('tell once of all slots that the map gave to another', () => {
    map.set(1, b).set(2, b)
    expect([owners.of(1), owners.of(2)]).toEqual([b, b])
    expect(told).toBe(1)
  })

  it('tell of no slot that was never used', () => {
    map.set(4, b)
    expect(owners.of(4)).toBe(b)
    expect(told).toBe(0)
  })

  it('believe a redirection until the map says something else', () => {
    owners.moved(1, b)
    expect([owners.of(1), owners.of(1), owners.of(2)]).toEqual([b, b, a])
    expect(told).toBe(1)
    map.set(1, b)
    expect(owners.of(1)).toBe(b)
    map.set(1, a)
    expect(owners.of(1)).toBe(a)
    expect(told).toBe(2)
  })

  it('believe the next redirection, also one that leads back', () => {
    owners.moved(1, b)
    owners.moved(1, a)
    expect(owners.of(1)).toBe(a)
    expect(told).toBe(2)
  })

  it('ask the map where a redirection led to a link that is gone', () => {
    const gone = { address: 'c', isReady: true }
    owners.moved(1, gone as Link)
    gone.isReady = false
    expect(owners.of(1)).toBe(a)
  })
})

describe('news of links', () => {
  it('do not call those who are being told: what is new then is theirs already', () => {
    const news = new LinkNews()
    const heard: number[] = []
    news.listen(() => {
      heard.push(news.epoch)
      if (news.epoch < 3) news.opened()
    })
    news.listen(() => heard.push(-news.epoch))
    news.opened()
    expect(heard).toEqual([1, -2])
  })

  it('call a listener that was given twice as often, until each is taken off', () => {
    const news = new LinkNews()
    let heard = 0
    const listener = (): void => void heard++
    const off = news.listen(listener)
    news.listen(listener)
    news.opened()
    off()
    off()
    news.opened()
    expect(heard).toBe(3)
    news.lost()
    expect([heard, news.epoch]).toEqual([3, 3])
  })
})
