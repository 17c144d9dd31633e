import { describe, expect, test } from 'vitest'
import { historyRecorder } from './history-recorder.ts'
import { machineClockMs } from './machine-clock.ts'
import { stampedValue } from './stamped-value.ts'

const key = 'product:7'
const fails = (): Promise<never> => Promise.reject(new Error('no answer'))

describe('what is recorded', () => {
  test('of reads: the version, a miss, what is no value of the key; nothing of a call that failed', async () => {
    const recorder = historyRecorder('p1')
    const value = stampedValue(key, 3)
    expect(await recorder.read(key, async () => value)).toBe(value)
    await recorder.read(key, async () => undefined, { exact: true })
    await recorder.read('product:8', async () => value)
    await expect(recorder.read(key, fails)).rejects.toThrow('no answer')
    expect(recorder.take()).toEqual([
      { kind: 'read', key, version: 3, ...anyTimes('p1') },
      { kind: 'read', key, exact: true, ...anyTimes('p1') },
      { kind: 'read', key: 'product:8', foreign: 'version 3 of "product:7"', ...anyTimes('p1') },
    ])
    expect(recorder.take()).toEqual([])
  })

  test('of invalidations: their outcome, however it is told', async () => {
    const recorder = historyRecorder('p1')
    await recorder.invalidation('delete', { keys: [key] }, async () => 'applied')
    await recorder.invalidation('mutate', { tags: ['t'] }, async () => ({ result: 1, outcome: 'queued' }))
    await expect(recorder.invalidation('clear', { all: true }, fails)).rejects.toThrow('no answer')
    expect(recorder.take()).toEqual([
      { kind: 'invalidation', call: 'delete', keys: [key], outcome: 'applied', ...anyTimes('p1') },
      { kind: 'invalidation', call: 'mutate', tags: ['t'], outcome: 'queued', ...anyTimes('p1') },
      { kind: 'invalidation', call: 'clear', all: true, outcome: 'failed', ...anyTimes('p1') },
    ])
  })

  test('of a call that changes the source itself: the invalidation begins after the commit', async () => {
    const recorder = historyRecorder('p1')
    let committedMs = 0
    await recorder.invalidation('mutate', { keys: [key] }, async (committed) => {
      await recorder.change(key, 1, async () => undefined)
      committedMs = machineClockMs()
      committed()
      return 'applied'
    })
    const [change, invalidation] = recorder.take()
    expect(change?.endMs).toBeLessThanOrEqual(committedMs)
    expect(invalidation?.startMs).toBeGreaterThanOrEqual(committedMs)
  })

  test('of a change without an answer: that it may or may not have been committed', async () => {
    const recorder = historyRecorder('source')
    await expect(recorder.change(key, 1, fails)).rejects.toThrow('no answer')
    expect(recorder.take()).toEqual([{ kind: 'change', key, version: 1, outcome: 'unknown', ...anyTimes('source') }])
  })
})

function anyTimes(process: string): object {
  return { process, startMs: expect.any(Number), endMs: expect.any(Number) }
}
