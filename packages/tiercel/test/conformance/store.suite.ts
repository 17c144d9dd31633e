import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fenceByte } from '../../src/codecs/fence.ts'
import { decodeTag } from '../../src/codecs/tag-token.ts'
import type { FenceOutcome, FenceStep, Snapshot, Store } from '../../src/stores/store.ts'
import { where } from './where.ts'

export interface StoreUnderTest {
  readonly store: Store
  close(): Promise<void>
}

/** What every store promises: the contract of `src/stores/store.ts`, line by line. */
export function storeSuite(name: string, create: () => Promise<StoreUnderTest>, lacks: readonly 'follow'[] = []): void {
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

    test('says how long a key still lives, where it can', async () => {
      const key = newKey()
      await put(key, 'text', 60_000)
      if (store.leftMs === undefined) return
      expect(await store.leftMs(key)).toBeGreaterThan(50_000)
      expect(await store.leftMs(key)).toBeLessThanOrEqual(60_000)
      expect(await store.leftMs(newKey())).toBeUndefined()
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

    const owner = (): Buffer => randomBytes(12)
    const open = (key: string, by: Buffer = owner(), forMs = 60_000): Promise<unknown> =>
      store.fence({ keys: [key], op: 'open', owner: by, forMs, ttlMs: 60_000 })
    const close = async (key: string, by?: Buffer, more: Partial<FenceStep> = {}): Promise<FenceOutcome | undefined> =>
      (await store.fence({ keys: [key], op: 'close', owner: by, forMs: 0, ttlMs: 60_000, ...more }))[0]

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
      test('keeps sets, claims and overwrites out, and is not deleted', async () => {
        const [fenced, free] = [newKey(), newKey()]
        await open(fenced)
        const outcomes = await store.setMany([fenced, free].map((key) => ({ key, value: bytes('x'), ttlMs: 60_000 })))
        expect(outcomes).toEqual(['fenced', 'stored'])
        await store.deleteMany([fenced, free])
        expect(await text(fenced)).toMatch(/^F/)
        expect(await text(free)).toBeUndefined()
        expect((await store.claim({ key: fenced, value: bytes('x'), ttlMs: 60_000 }))?.[0]).toBe(fenceByte)
        expect(await store.overwrite(fenced, 1, bytes('xyz'))).toBe(false)
        expect(await text(fenced)).toMatch(/^F1/)
      })

      test('replaces what is there, of whatever kind, and leaves nothing', async () => {
        for (const content of ['V and a value', 'L and a token', 'E', '']) {
          const [key, by] = [newKey(), owner()]
          if (content !== '') await put(key, content)
          await open(key, by)
          expect(await text(key)).toMatch(/^F/)
          expect(await close(key, by)).toBe('empty')
          expect(await store.get(key)).toBeUndefined()
        }
      })

      test('stands until the last of its owners is gone', async () => {
        const [key, first, second] = [newKey(), owner(), owner()]
        await open(key, first)
        await open(key, second)
        expect(await close(key, first)).toBe('fenced')
        expect(await close(key)).toBe('fenced')
        expect(await close(key, second)).toBe('empty')
        expect(await store.get(key)).toBeUndefined()
      })

      test('ends with the deadline of an owner who died, and not before those of the others', async () => {
        const [key, dead, alive] = [newKey(), owner(), owner()]
        await open(key, dead, 60)
        await open(key, alive, 60_000)
        await new Promise((resolve) => setTimeout(resolve, 100))
        expect(await text(key)).toMatch(/^F/)
        expect(await close(key, alive)).toBe('empty')
        const alone = newKey()
        await open(alone, dead, 60)
        await expect.poll(() => store.get(alone), { timeout: 5_000 }).toBeUndefined()
      })

      test('is renewed by opening it again', async () => {
        const [key, by] = [newKey(), owner()]
        await open(key, by, 80)
        await open(key, by, 60_000)
        await new Promise((resolve) => setTimeout(resolve, 120))
        expect(await text(key)).toMatch(/^F0/)
        expect(await close(key, by)).toBe('empty')
      })

      test('leaves a hold-off behind, which belongs to nobody', async () => {
        const [key, by] = [newKey(), owner()]
        await open(key, by)
        expect(await close(key, by, { forMs: 150 })).toBe('fenced')
        expect(await close(key, by)).toBe('fenced')
        expect(await close(key)).toBe('fenced')
        await expect.poll(() => store.get(key), { timeout: 5_000 }).toBeUndefined()
      })

      test('gives its place to a value of its only owner', async () => {
        const value = bytes('V new')
        const [key, contended, lost, by] = [newKey(), newKey(), newKey(), owner()]
        await open(key, by)
        expect(await close(key, by, { value })).toBe('stored')
        expect(await text(key)).toBe('V new')
        const other = owner()
        await open(contended, by)
        await open(contended, other)
        await close(contended, other)
        expect(await close(contended, by, { value })).toBe('empty')
        // The fence was evicted, and a loader stored something since.
        await put(lost, 'V old')
        expect(await close(lost, by, { value })).toBe('empty')
        expect(await store.getMany([contended, lost])).toEqual([undefined, undefined])
      })

      test('makes no place for a value once somebody else has deleted or expired under it', async () => {
        const [deleted, expired, by, value] = [newKey(), newKey(), owner(), bytes('V old')]
        for (const key of [deleted, expired]) await open(key, by)
        await store.deleteMany([deleted])
        await store.overwrite(expired, 1, bytes('x'))
        for (const key of [deleted, expired]) expect(await close(key, by, { value })).toBe('empty')
      })

      test('of very many owners stands until the last deadline', async () => {
        const key = newKey()
        const owners = Array.from({ length: 70 }, owner)
        for (const by of owners) await open(key, by)
        for (const by of owners) await close(key, by)
        expect(await text(key)).toMatch(/^F1/)
      })

      test('opens and closes many keys in one call', async () => {
        const keys = Array.from({ length: 250 }, newKey)
        const by = owner()
        expect(new Set(await store.fence({ keys, op: 'open', owner: by, forMs: 60_000, ttlMs: 60_000 }))).toEqual(new Set(['fenced']))
        expect(await store.fence({ keys, op: 'close', owner: by, forMs: 0, ttlMs: 60_000 })).toEqual(keys.map(() => 'empty'))
        expect(await store.fence({ keys: [], op: 'close', forMs: 0, ttlMs: 1 })).toEqual([])
      })
    })

    describe('tags', () => {
      const slot = `{${prefix}}`
      let tagCount = 0
      const newTags = (count = 1): { counter: string; tags: string[] } => {
        tagCount += 1
        return { counter: `${slot}n${tagCount}`, tags: Array.from({ length: count }, (_, at) => `${slot}t${tagCount}:${at}`) }
      }
      const snap = (counter: string, keys: readonly string[], lifeMs: number | undefined = 60_000): Promise<Snapshot> =>
        store.snap({ counter, tags: keys.map((key) => ({ key, lifeMs })) })
      const bump = (counter: string, keys: readonly string[]): Promise<unknown> =>
        store.fence({ keys, counter, op: 'close', forMs: 0, ttlMs: 60_000 })

      test('get random tokens when they are first asked for, and keep them', async () => {
        const { counter, tags } = newTags(3)
        const first = await snap(counter, tags)
        const decoded = first.tags.map((content) => decodeTag(content as Buffer))
        expect(new Set(decoded.flatMap((token) => [token?.hard, token?.soft])).size).toBe(6)
        expect(decoded.every((token) => token?.number === first.number)).toBe(true)
        expect(await snap(counter, tags)).toEqual(first)
        expect((await store.getMany(tags)).map((content, at) => content?.equals(first.tags[at] as Buffer))).toEqual([true, true, true])
      })

      test('a bump deletes and counts, each tag and also what is not there', async () => {
        const { counter, tags } = newTags(2)
        const { number } = await snap(counter, tags)
        await bump(counter, tags)
        expect(await store.getMany(tags)).toEqual([undefined, undefined])
        const second = await snap(counter, tags)
        expect(second.number).toBe(number + 2)
        expect(decodeTag(second.tags[0] as Buffer)?.number).toBe(number + 2)
        await bump(counter, [`${slot}never`])
        expect((await snap(counter, [])).number).toBe(number + 3)
      })

      test('a counter that was lost goes on from the time, never below', async () => {
        const { counter, tags } = newTags()
        const { number } = await snap(counter, tags)
        for (let time = 0; time < 5; time += 1) await bump(counter, tags)
        await store.deleteMany([counter])
        expect((await snap(counter, tags)).number).toBeGreaterThan(number + 5)
      })

      test('expiring gives a new soft half and a new number, and keeps the hard half', async () => {
        const { counter, tags } = newTags()
        const before = await snap(counter, tags)
        await store.ageTags([...tags, `${slot}unknown`], counter)
        const after = await snap(counter, tags)
        const [old, young] = [decodeTag(before.tags[0] as Buffer), decodeTag(after.tags[0] as Buffer)]
        expect(young?.hard).toBe(old?.hard)
        expect(young?.soft).not.toBe(old?.soft)
        expect(young?.number).toBeGreaterThan(old?.number ?? Number.POSITIVE_INFINITY)
        expect(after.number).toBe(before.number + 2)
        expect(await store.get(`${slot}unknown`)).toBeUndefined()
      })

      test('a fence on a tag shows in a snapshot, and counts when it ends', async () => {
        const { counter, tags } = newTags()
        const { number } = await snap(counter, tags)
        const by = owner()
        await store.fence({ keys: tags, counter, op: 'open', owner: by, forMs: 60_000, ttlMs: 60_000 })
        expect(await snap(counter, tags)).toEqual({ number, tags: ['fenced'] })
        await store.ageTags(tags, counter)
        expect((await snap(counter, tags)).tags).toEqual(['fenced'])
        await store.fence({ keys: tags, counter, op: 'close', owner: by, forMs: 0, ttlMs: 60_000 })
        expect((await snap(counter, tags)).number).toBe(number + 1)
      })

      test('a fence whose owners died is counted when the tag gets a new token: it does not end unnoticed', async () => {
        const { counter, tags } = newTags()
        const { number } = await snap(counter, tags)
        await store.fence({ keys: tags, counter, op: 'open', owner: owner(), forMs: 60, ttlMs: 60_000 })
        await new Promise((resolve) => setTimeout(resolve, 100))
        const after = await snap(counter, tags)
        expect(after.number).toBe(number)
        expect(decodeTag(after.tags[0] as Buffer)?.number).toBe(number + 1)
      })

      test('live as long as they are told, and longer when less than half is left', async () => {
        const { counter, tags } = newTags()
        const first = await snap(counter, tags, 300)
        await new Promise((resolve) => setTimeout(resolve, 200))
        expect(await snap(counter, tags, 60_000)).toEqual(first)
        await new Promise((resolve) => setTimeout(resolve, 150))
        expect(await snap(counter, tags, 60_000)).toEqual(first)
        const { counter: other, tags: short } = newTags()
        await snap(other, short, 80)
        await expect.poll(() => store.get(short[0] as string), { timeout: 5_000 }).toBeUndefined()
      })
    })

    test('reads the first bytes alone', async () => {
      const [long, short] = [newKey(), newKey()]
      await put(long, 'V'.repeat(1_000))
      await put(short, 'V12')
      const heads = await Promise.all([long, short, newKey()].map((key) => store.getHead(key)))
      expect(heads.map((head) => head?.toString())).toEqual(['V'.repeat(64), 'V12', undefined])
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

    where(!lacks.includes('follow'), describe)('follow', () => {
      test('tells of every kind of change to keys with its prefixes, and of no other', async () => {
        const [key, other] = [newKey(), `other:${newKey()}`]
        let changes = 0
        const heardOf = new Set<string>()
        const feed = await store.follow?.(
          { prefixes: [prefix] },
          {
            onChange: (keys) => {
              for (const changed of keys ?? []) heardOf.add(changed)
              if (keys?.includes(key)) changes += 1
            },
            onDown: () => undefined,
            onUp: () => undefined,
          },
        )
        if (feed === undefined) return
        await feed.prove()
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
        const by = owner()
        await heard(() => open(key, by))
        await heard(() => close(key, by))
        await put(other, 'x')
        await feed.prove()
        await new Promise((resolve) => setTimeout(resolve, 30))
        await feed.close()
        const before = changes
        await put(key, 'x')
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(changes).toBe(before)
        expect([...heardOf].filter((changed) => !changed.startsWith(prefix))).toEqual([])
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
        () => other.store.fence({ keys: ['k'], op: 'close', forMs: 0, ttlMs: 1 }),
        () => other.store.snap({ counter: 'n', tags: [] }),
        () => other.store.ageTags(['t'], 'n'),
        () => other.store.getHead('k'),
        () => other.store.ready(),
      ]
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
      await other.close()
    })
  })
}
