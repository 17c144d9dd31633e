import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena, type ArenaOptions } from './arena.ts'
import { never } from './expiry-wheel.ts'

interface ModelEntry {
  readonly partition: string
  readonly path: string
  readonly value: number
  readonly sizeBytes: number
  readonly expiresAtMs: number
}

/** The same promises in the plainest way: an array, least recently used first. */
class Model {
  entries: ModelEntry[] = []
  nowMs = 0
  readonly #maxEntries: number
  readonly #maxBytes: number

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  get sizeBytes(): number {
    return this.entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
  }

  get(partition: string, path: string): number | undefined {
    const found = this.entries.find((entry) => entry.partition === partition && entry.path === path)
    this.delete(partition, path)
    if (found === undefined || found.expiresAtMs <= this.nowMs) return undefined
    this.entries.push(found)
    return found.value
  }

  /** All that have run out leave: there are never more of them than one write of the arena removes. */
  set(entry: ModelEntry): void {
    this.entries = this.entries.filter(({ expiresAtMs }) => expiresAtMs > this.nowMs)
    this.delete(entry.partition, entry.path)
    if (entry.sizeBytes > this.#maxBytes) return
    while (this.sizeBytes + entry.sizeBytes > this.#maxBytes || this.entries.length >= this.#maxEntries) this.entries.shift()
    this.entries.push(entry)
  }

  delete(partition: string, path: string): void {
    this.entries = this.entries.filter((entry) => entry.partition !== partition || entry.path !== path)
  }
}

function createLru(options: Pick<ArenaOptions, 'maxEntries' | 'maxBytes' | 'nowMs' | 'onRemoval'>): Arena {
  return new Arena({ ...options, isWeighed: true, policy: 'lru' })
}

const partition = fc.constantFrom('a', 'b')
const path = fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8')
const step = fc.oneof(
  fc.record({
    verb: fc.constant('set' as const),
    partition,
    path,
    sizeBytes: fc.integer({ min: 0, max: 60 }),
    ttlMs: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ verb: fc.constant('get' as const), partition, path }),
  fc.record({ verb: fc.constant('delete' as const), partition, path }),
  fc.record({ verb: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 10 }) }),
)

test('keeps what the plainest model keeps, step by step', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (steps, maxEntries) => {
      const model = new Model(maxEntries, 100)
      const lru = createLru({ maxEntries, maxBytes: 100, nowMs: () => model.nowMs })
      const partitions = { a: lru.partition('a'), b: lru.partition('b') }
      steps.forEach((now, value) => {
        if (now.verb === 'pass') model.nowMs += now.ms
        else if (now.verb === 'get') expect(partitions[now.partition].get(now.path)).toBe(model.get(now.partition, now.path))
        else if (now.verb === 'delete') {
          partitions[now.partition].delete(now.path)
          model.delete(now.partition, now.path)
        } else {
          const expiresAtMs = model.nowMs + now.ttlMs
          partitions[now.partition].set(now.path, value, now.sizeBytes, expiresAtMs)
          model.set({ ...now, value, expiresAtMs })
        }
        expect([lru.entries, lru.sizeBytes]).toEqual([model.entries.length, model.sizeBytes])
        expect(partitions.a.slots.size + partitions.b.slots.size).toBe(lru.entries)
      })
    }),
    { numRuns: 500 },
  )
})

describe('room', () => {
  test('is made by the least recently used, of whichever partition, and said', () => {
    const evicted: string[] = []
    const lru = createLru({
      maxEntries: 2,
      maxBytes: never,
      nowMs: () => 0,
      onRemoval: (owner, gone) => evicted.push(`${owner.name}/${gone}`),
    })
    const [a, b] = [lru.partition('a'), lru.partition('b')]
    a.set('1', 'x', 1, 10)
    b.set('1', 'y', 1, 10)
    a.get('1')
    b.set('2', 'z', 1, 10)
    expect(evicted).toEqual(['b/1'])
    expect(lru.evictions).toBe(1)
  })

  test('is not made for what would never fit', () => {
    const lru = createLru({ maxEntries: never, maxBytes: 10, nowMs: () => 0 })
    const entries = lru.partition('')
    entries.set('small', 1, 5, 10)
    expect(entries.set('large', 2, 11, 10)).toBe(false)
    expect(entries.get('small')).toBe(1)
  })

  test('an old value does not survive a new one that does not fit', () => {
    const lru = createLru({ maxEntries: never, maxBytes: 10, nowMs: () => 0 })
    const entries = lru.partition('')
    entries.set('key', 'old', 5, 10)
    entries.set('key', 'new', 11, 10)
    expect(entries.get('key')).toBeUndefined()
  })

  test('grows as needed and is used again', () => {
    const lru = createLru({ maxEntries: never, maxBytes: 1_000_000, nowMs: () => 0 })
    const entries = lru.partition('')
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 5_000; i += 1) entries.set(`${i}`, i, 10, 1)
      for (let i = 0; i < 5_000; i += 1) expect(entries.get(`${i}`)).toBe(i)
      lru.clear()
      expect([lru.entries, lru.sizeBytes]).toEqual([0, 0])
    }
  })
})
