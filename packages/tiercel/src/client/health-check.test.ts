import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keepChecking } from './health-check.ts'

describe('keepChecking', () => {
  let pings: { resolve(): void; reject(): void }[] = []
  let renewed = 0
  let isReady = true
  const link = {
    isReady: () => isReady,
    ping: () => new Promise<void>((resolve, reject) => pings.push({ resolve, reject: () => reject(new Error('lost')) })),
    renew: () => {
      renewed += 1
    },
  }

  beforeEach(() => {
    vi.useFakeTimers()
    pings = []
    renewed = 0
    isReady = true
  })
  afterEach(() => vi.useRealTimers())

  it('renews a link that leaves a ping unanswered for a period, once', async () => {
    keepChecking(link, 100)
    await vi.advanceTimersByTimeAsync(199)
    expect([pings.length, renewed]).toEqual([1, 0])
    await vi.advanceTimersByTimeAsync(1)
    expect([pings.length, renewed]).toEqual([1, 1])
    await vi.advanceTimersByTimeAsync(100)
    expect([pings.length, renewed]).toEqual([2, 1])
  })

  it('takes any answer for one, also that the link was lost', async () => {
    keepChecking(link, 100)
    for (let at = 0; at < 6; at += 1) {
      await vi.advanceTimersByTimeAsync(100)
      pings[at]?.[at % 2 === 0 ? 'resolve' : 'reject']()
    }
    expect([pings.length, renewed]).toEqual([6, 0])
  })

  it('leaves a link alone that is not there, and everything after its end', async () => {
    const stop = keepChecking(link, 100)
    await vi.advanceTimersByTimeAsync(100)
    isReady = false
    await vi.advanceTimersByTimeAsync(300)
    expect([pings.length, renewed]).toEqual([1, 0])
    isReady = true
    stop()
    await vi.advanceTimersByTimeAsync(500)
    expect([pings.length, renewed]).toEqual([1, 0])
  })
})
