import { expect, test } from 'vitest'
import { FrequencySketch, mostRequests } from './frequency-sketch.ts'
import { SeededHash } from './seeded-hash.ts'

const hashes = Array.from({ length: 2_000 }, (_, key) => new SeededHash(7).hash(`key:${key}`))

test('never says less than was counted, and seldom more', () => {
  const sketch = new FrequencySketch()
  sketch.grow(1_000)
  const times = (key: number): number => (key % 10 === 0 ? 9 : 1)
  hashes.slice(0, 1_000).forEach((hash, key) => {
    for (let time = 0; time < times(key); time += 1) sketch.count(hash, 1)
  })
  const errors = hashes.slice(0, 1_000).map((hash, key) => sketch.estimate(hash) - times(key))
  expect(Math.min(...errors)).toBe(0)
  expect(errors.filter((error) => error > 0).length).toBeLessThan(60)
})

test('counts to fifteen, several at a time', () => {
  const sketch = new FrequencySketch()
  sketch.count(1, 9)
  expect(sketch.estimate(1)).toBe(9)
  sketch.count(1, 9)
  expect(sketch.estimate(1)).toBe(mostRequests)
})

test('halves all counters, a few words at a time', () => {
  const sketch = new FrequencySketch()
  sketch.grow(2_000)
  for (const hash of hashes) sketch.count(hash, 8)
  sketch.startHalving()
  let words = 0
  for (let done = sketch.halve(128); done > 0; done = sketch.halve(128)) {
    expect(done).toBeLessThanOrEqual(128)
    words += done
  }
  expect(words).toBe(256 * 16)
  for (const hash of hashes) expect(sketch.estimate(hash)).toBeGreaterThanOrEqual(4)
  expect(hashes.filter((hash) => sketch.estimate(hash) === 4).length).toBeGreaterThan(1_900)
})

test('remembers when it grows', () => {
  const sketch = new FrequencySketch()
  for (const hash of hashes.slice(0, 8)) sketch.count(hash, 5)
  sketch.grow(100_000)
  for (const hash of hashes.slice(0, 8)) expect(sketch.estimate(hash)).toBeGreaterThanOrEqual(5)
})

test('the same seed hashes alike, another one otherwise', () => {
  const [one, same, other] = [new SeededHash(1), new SeededHash(1), new SeededHash(2)]
  for (const key of ['', 'a', 'user:7', 'schlüssel', 7, -0.5]) {
    expect(one.hash(key)).toBe(same.hash(key))
    expect(one.hash(key)).not.toBe(other.hash(key))
  }
  expect(new Set(hashes).size).toBe(hashes.length)
})
