import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Pace } from './pace.ts'

describe('a pace', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  async function done(pace: Pace, items: number): Promise<() => boolean> {
    let isDone = false
    void pace.next(items).then(() => {
      isDone = true
    })
    await vi.advanceTimersByTimeAsync(0)
    return () => isDone
  }

  it('lets the first through and the next when that one is paid for', async () => {
    let nowMs = 0
    const pace = new Pace(1000, undefined, () => nowMs)
    expect((await done(pace, 100))()).toBe(true)
    nowMs = 40
    const isDone = await done(pace, 100)
    expect(isDone()).toBe(false)
    await vi.advanceTimersByTimeAsync(59)
    expect(isDone()).toBe(false)
    await vi.advanceTimersByTimeAsync(2)
    expect(isDone()).toBe(true)
  })

  it('saves nothing up', async () => {
    let nowMs = 0
    const pace = new Pace(1000, undefined, () => nowMs)
    await pace.next(100)
    nowMs = 10_000
    expect((await done(pace, 100))()).toBe(true)
    expect((await done(pace, 100))()).toBe(false)
  })

  it('wakes for a signal', async () => {
    const controller = new AbortController()
    const pace = new Pace(1, controller.signal, () => 0)
    await pace.next(100)
    const waiting = pace.next(1)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(pace.next(1)).rejects.toThrow('enough')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('never waits without a limit', async () => {
    const pace = new Pace(Number.POSITIVE_INFINITY)
    for (let round = 0; round < 3; round++) expect((await done(pace, 1e9))()).toBe(true)
  })
})
