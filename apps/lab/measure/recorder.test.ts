import { expect, test } from 'vitest'
import { bucketOf, bucketStartMs } from '../scenarios/run-result.ts'
import { Recorder } from './recorder.ts'

test('percentiles, mean and ends of a known set', () => {
  const recorder = new Recorder('lane', 'Lane')
  for (let ms = 1; ms <= 10_000; ms++) recorder.record('source', ms)
  const { count, meanMs, minMs, maxMs, percentiles } = recorder.latency()
  expect({ count, meanMs, minMs, maxMs }).toEqual({ count: 10_000, meanMs: 5000.5, minMs: 1, maxMs: 10_000 })
  for (const { quantile, ms, lowMs, highMs } of percentiles) {
    expect(Math.abs((ms ?? 0) / (quantile * 10_000) - 1)).toBeLessThan(0.002)
    expect(lowMs).toBeLessThanOrEqual(ms ?? 0)
    expect(highMs).toBeGreaterThanOrEqual(ms ?? 0)
  }
})

test('the interval covers the true quantile about as often as it says', () => {
  let covered = 0
  for (let round = 0; round < 400; round++) {
    const recorder = new Recorder('lane', 'Lane')
    for (let draw = 0; draw < 500; draw++) recorder.record('source', 1 + Math.random())
    const { lowMs, highMs } = recorder.latency().percentiles[0]!
    if (lowMs !== null && highMs !== null && lowMs <= 1.5 && 1.5 <= highMs) covered++
  }
  expect(covered / 400).toBeGreaterThan(0.9)
})

test('a quantile beyond which too little lies is not given', () => {
  const recorder = new Recorder('lane', 'Lane')
  for (let ms = 1; ms <= 499; ms++) recorder.record('l1', ms)
  expect(recorder.percentileMs(0.95)).not.toBeNull()
  expect(recorder.percentileMs(0.99)).toBeNull()
  recorder.record('l1', 500)
  expect(recorder.percentileMs(0.99)).not.toBeNull()
})

test('nothing recorded is no figure, not zero', () => {
  const { meanMs, minMs, percentiles } = new Recorder('lane', 'Lane').latency()
  expect([meanMs, minMs, percentiles[0]?.ms]).toEqual([null, null, null])
})

test('the histogram keeps outcomes apart, and every request', () => {
  const recorder = new Recorder('lane', 'Lane')
  for (let index = 0; index < 90; index++) recorder.record('l1', 0.0014)
  for (let index = 0; index < 10; index++) recorder.record('source', 25)
  expect(recorder.histogram()).toEqual({ l1: [[bucketOf(0.0014), 90]], source: [[bucketOf(25), 10]] })
  expect(recorder.outcomes()).toMatchObject({ l1: 90, l2: 0, source: 10 })
  expect(recorder.meanMs('source')).toBe(25)
})

test('a frame shows a few of the requests since the last', () => {
  const recorder = new Recorder('lane', 'Lane')
  for (let index = 0; index < 1000; index++) recorder.record('l2', 0.2)
  expect(recorder.frame().marks).toHaveLength(4)
  expect(recorder.frame().marks).toHaveLength(0)
})

test('a bucket holds what lies between its start and the next', () => {
  for (const ms of [0.0001, 0.00123, 0.1, 0.99, 1, 7.7, 1000, 54_321]) {
    expect(bucketStartMs(bucketOf(ms))).toBeLessThanOrEqual(ms * 1.000001)
    expect(bucketStartMs(bucketOf(ms) + 1)).toBeGreaterThan(ms)
  }
  expect(bucketOf(0.00000001)).toBe(0)
})
