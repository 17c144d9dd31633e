import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../src/stores/store.ts'

export interface StoreUnderTest {
  readonly store: Store
  close(): Promise<void>
}

/** What every store promises: the contract of `src/stores/store.ts`, line by line. */
export function storeSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let subject: StoreUnderTest
    let store: Store
    const prefix = `tc1:conformance:${randomBytes(6).toString('hex')}:`
    let count = 0
    const newKey = (): string => `${prefix}${count++}`
    const bytes = (text: string): Buffer => Buffer.from(text)
    const put = (key: string, text: string, ttlMs = 60_000): Promise<unknown> => store.setMany([{ key, value: bytes(text), ttlMs }])
    const text = async (key: string): Promise<string | undefined> => (await store.get(key))?.toString()

    beforeAll(async () => {
      subject = await create()
      store = subject.store
      await store.ready()
    })
    afterAll(() => subject.close())

    test('says which contract it keeps', () => {
      expect(store.specVersion).toBe(1)
      expect(store.name).toMatch(/^[a-z]+$/)
    })

    test('gives back the bytes that went in', async () => {
      const values = [bytes('text'), Buffer.alloc(0), Buffer.from([0, 255, 10, 13, 0xc3, 0x28]), randomBytes(100_000)]
      const keys = values.map(newKey)
      await store.setMany(values.map((value, i) => ({ key: keys[i] as string, value, ttlMs: 60_000 })))
      for (const [i, found] of (await store.getMany(keys)).entries()) expect(found?.equals(values[i] as Buffer)).toBe(true)
      expect((await store.get(keys[1] as string))?.length).toBe(0)
    })

    test('keeps no hold on bytes that were handed in or out', async () => {
      const key = newKey()
      const mine = bytes('abc')
      await store.setMany([{ key, value: mine, ttlMs: 60_000 }])
      mine.fill(0)
      const handed = await store.get(key)
      handed?.fill(0)
      expect(await text(key)).toBe('abc')
    })

    test('says undefined for what is not there', async () => {
      expect(await store.get(newKey())).toBeUndefined()
      expect(await store.getMany([newKey(), newKey()])).toEqual([undefined, undefined])
      expect(await store.getMany([])).toEqual([])
    })

    test('tells any two texts apart as keys', async () => {
      const keys = ['a', 'a ', 'A', 'ä', 'ä', '{a}', '{a}b', 'a*', 'a\n', 'a\0', '😀', '%', 'x'.repeat(900)].map((key) => newKey() + key)
      await store.setMany(keys.map((key) => ({ key, value: bytes(key), ttlMs: 60_000 })))
      expect((await store.getMany(keys)).map(String)).toEqual(keys)
    })

    test('answers many keys in their order, also the same one twice', async () => {
      const keys = Array.from({ length: 2_500 }, newKey)
      await store.setMany(keys.filter((_, i) => i % 2 === 0).map((key) => ({ key, value: bytes(key), ttlMs: 60_000 })))
      const asked = [...keys].reverse().concat(keys[0] as string, keys[0] as string)
      const found = await store.getMany(asked)
      expect(found.map((value) => value?.toString())).toEqual(asked.map((key) => (keys.indexOf(key) % 2 === 0 ? key : undefined)))
    })

    test('answers each of many single reads of one turn with its own value', async () => {
      const keys = Array.from({ length: 300 }, newKey)
      await store.setMany(keys.map((key) => ({ key, value: bytes(key), ttlMs: 60_000 })))
      expect((await Promise.all(keys.map((key) => store.get(key)))).map(String)).toEqual(keys)
    })

    test('ends a value after its time, not before', async () => {
      const [short, long] = [newKey(), newKey()]
      await put(short, 'short', 150)
      await put(long, 'long', 60_000)
      const writtenAtMs = performance.now()
      const present = await text(short)
      if (performance.now() - writtenAtMs < 100) expect(present).toBe('short')
      await expect.poll(() => store.get(short), { timeout: 5_000 }).toBeUndefined()
      expect(await text(long)).toBe('long')
    })

    test('replaces a value and its time', async () => {
      const key = newKey()
      await put(key, 'old', 100)
      await put(key, 'new', 60_000)
      await new Promise((resolve) => setTimeout(resolve, 150))
      expect(await text(key)).toBe('new')
    })

    test('executes reads and writes in the order of the calls', async () => {
      const key = newKey()
      const results = await Promise.all([
        store.get(key),
        put(key, '1'),
        store.get(key),
        put(key, '2'),
        store.get(key),
        store.deleteMany([key]),
        store.get(key),
      ])
      expect([results[0], results[2], results[4], results[6]].map((value) => value?.toString())).toEqual([undefined, '1', '2', undefined])
    })

    test('deletes what is there, and does not mind what is not', async () => {
      const keys = Array.from({ length: 20 }, newKey)
      await store.setMany(keys.slice(0, 10).map((key) => ({ key, value: bytes('x'), ttlMs: 60_000 })))
      await store.deleteMany(keys)
      expect((await store.getMany(keys)).every((value) => value === undefined)).toBe(true)
      await store.deleteMany([])
    })

    const fence = (key: string): Promise<unknown> => store.claim({ key, value: bytes('F and its owners'), ttlMs: 60_000 })

    describe('claim', () => {
      test('stores where nothing is, and says what is there where something is', async () => {
        const key = newKey()
        expect(await store.claim({ key, value: bytes('first'), ttlMs: 60_000 })).toBeUndefined()
        expect((await store.claim({ key, value: bytes('second'), ttlMs: 60_000 }))?.toString()).toBe('first')
        expect(await text(key)).toBe('first')
      })

      test('does not lengthen the life of what is there', async () => {
        const key = newKey()
        await put(key, 'short', 150)
        await store.claim({ key, value: bytes('long'), ttlMs: 60_000 })
        await expect.poll(() => store.get(key), { timeout: 5_000 }).toBeUndefined()
      })

      test('stores where what was there has run out', async () => {
        const key = newKey()
        await put(key, 'short', 50)
        await new Promise((resolve) => setTimeout(resolve, 100))
        expect(await store.claim({ key, value: bytes('next'), ttlMs: 60_000 })).toBeUndefined()
      })

      test('of many at once lets one win', async () => {
        const key = newKey()
        const results = await Promise.all(Array.from({ length: 50 }, (_, i) => store.claim({ key, value: bytes(`${i}`), ttlMs: 60_000 })))
        expect(results.filter((present) => present === undefined)).toHaveLength(1)
        expect(await text(key)).toBe(`${results.indexOf(undefined)}`)
      })
    })

    describe('swap', () => {
      const swap = (key: string, expected: Buffer, value: string | undefined, options: { isWhole?: boolean; ttlMs?: number } = {}) =>
        store.swap({
          key,
          expected,
          isWhole: options.isWhole ?? false,
          value: value === undefined ? undefined : bytes(value),
          ttlMs: options.ttlMs ?? 60_000,
        })

      test('stores over what begins as expected, and only that', async () => {
        const key = newKey()
        await store.setMany([{ key, value: Buffer.from([0, 1, 2, 255, 4]), ttlMs: 60_000 }])
        expect(await swap(key, Buffer.from([0, 1, 3]), 'new')).toBe(false)
        expect(await swap(key, Buffer.from([0, 1, 2, 255, 4, 5]), 'new')).toBe(false)
        expect(await swap(key, Buffer.from([0, 1, 2, 255]), 'new')).toBe(true)
        expect(await text(key)).toBe('new')
      })

      test('stores over all of what is expected, twice with one answer each', async () => {
        const key = newKey()
        const lease = Buffer.concat([bytes('L'), randomBytes(16)])
        await store.claim({ key, value: lease, ttlMs: 60_000 })
        expect(await swap(key, randomBytes(17), 'stranger', { isWhole: true })).toBe(false)
        expect(await swap(key, lease, 'mine', { isWhole: true })).toBe(true)
        expect(await swap(key, lease, 'again', { isWhole: true })).toBe(false)
        expect(await text(key)).toBe('mine')
      })

      test.each([true, false])('stores nothing where something was expected and nothing is (whole: %s)', async (isWhole) => {
        const key = newKey()
        expect(await swap(key, bytes('old'), 'new', { isWhole })).toBe(false)
        expect(await store.get(key)).toBeUndefined()
      })

      test.each([true, false])('removes, and gives a new value its own time (whole: %s)', async (isWhole) => {
        const [gone, short] = [newKey(), newKey()]
        await put(gone, 'old')
        await put(short, 'old')
        expect(await swap(gone, bytes('other'), undefined, { isWhole })).toBe(false)
        expect(await swap(gone, bytes('old'), undefined, { isWhole })).toBe(true)
        expect(await store.get(gone)).toBeUndefined()
        expect(await swap(short, bytes('old'), 'new', { isWhole, ttlMs: 100 })).toBe(true)
        await expect.poll(() => store.get(short), { timeout: 5_000 }).toBeUndefined()
      })
    })

    describe('a fence', () => {
      test('is not overwritten by a set, which says so, nor deleted', async () => {
        const [fenced, free] = [newKey(), newKey()]
        await fence(fenced)
        const outcomes = await store.setMany([fenced, free].map((key) => ({ key, value: bytes('x'), ttlMs: 60_000 })))
        expect(outcomes).toEqual(['fenced', 'stored'])
        await store.deleteMany([fenced, free])
        expect(await text(fenced)).toMatch(/^F/)
        expect(await text(free)).toBeUndefined()
      })

      test('is left by an overwrite', async () => {
        const key = newKey()
        await fence(key)
        expect(await store.overwrite(key, 1, bytes('xyz'))).toBe(false)
        expect(await text(key)).toBe('F and its owners')
      })
    })

    describe('overwrite', () => {
      test('writes into a value and keeps its time', async () => {
        const key = newKey()
        await put(key, 'V0123456789', 300)
        expect(await store.overwrite(key, 1, bytes('abc'))).toBe(true)
        expect(await text(key)).toBe('Vabc3456789')
        await expect.poll(() => store.get(key), { timeout: 5_000 }).toBeUndefined()
      })

      test('deletes what is no value, and creates nothing', async () => {
        const [lease, missing] = [newKey(), newKey()]
        await put(lease, 'L and its token')
        expect(await store.overwrite(lease, 1, bytes('abc'))).toBe(false)
        expect(await store.overwrite(missing, 1, bytes('abc'))).toBe(false)
        expect(await store.getMany([lease, missing])).toEqual([undefined, undefined])
      })
    })

    describe('watch', () => {
      test('tells of every kind of change, and of no other key', async () => {
        const [key, other] = [newKey(), newKey()]
        let changes = 0
        const watch = store.watch?.(key, () => (changes += 1))
        if (watch === undefined) return
        await expect.poll(() => watch.isLive, { timeout: 5_000 }).toBe(true)
        const heard = async (change: () => Promise<unknown>): Promise<void> => {
          // What came late of the change before is not counted to this one.
          await new Promise((resolve) => setTimeout(resolve, 30))
          const before = changes
          await change()
          await expect.poll(() => changes, { timeout: 5_000 }).toBeGreaterThan(before)
        }
        await heard(() => store.claim({ key, value: bytes('lease'), ttlMs: 60_000 }))
        await heard(() => store.swap({ key, expected: bytes('lease'), isWhole: true, value: bytes('V0123'), ttlMs: 60_000 }))
        await heard(() => store.overwrite(key, 1, bytes('abc')))
        await heard(() => put(key, 'set'))
        await heard(() => store.deleteMany([key]))
        await new Promise((resolve) => setTimeout(resolve, 30))
        const before = changes
        await put(other, 'x')
        watch.close()
        await put(key, 'x')
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(changes).toBe(before)
      })
    })

    test("has a clock that goes on, near this machine's", async () => {
      const first = store.nowMs()
      expect(Math.abs(first - Date.now())).toBeLessThan(5_000)
      await expect.poll(() => store.nowMs()).toBeGreaterThan(first)
    })

    test('refuses everything after its end, which may come twice', async () => {
      const other = await create()
      await other.store.ready()
      await Promise.all([other.store.close(), other.store.close()])
      const calls = [
        () => other.store.get('k'),
        () => other.store.getMany(['k']),
        () => other.store.setMany([{ key: 'k', value: bytes('x'), ttlMs: 1_000 }]),
        () => other.store.swap({ key: 'k', expected: bytes('y'), isWhole: true, value: bytes('x'), ttlMs: 1_000 }),
        () => other.store.claim({ key: 'k', value: bytes('x'), ttlMs: 1_000 }),
        () => other.store.overwrite('k', 1, bytes('x')),
        () => other.store.deleteMany(['k']),
        () => other.store.ready(),
      ]
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
      await other.close()
    })
  })
}
