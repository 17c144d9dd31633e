import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Source, SourceParams, SourceWrite } from '../../src/sources/source.ts'
import { testSize } from '../test-size.ts'

export interface Part {
  readonly id: string
  readonly name: string
  readonly stock: number | null
}

export interface OpenedSource {
  readonly source: Source<SourceParams, Part | null>
  close(): Promise<void>
}

/** What a source does not keep. */
export type SourceLack = 'removals'

type PartWrite = SourceWrite<SourceParams, Part>

const { signal } = new AbortController()

/** The contract of `src/sources/source.ts`, with `id` as the parameter. Members that are missing stand for others, as it says. */
export function sourceSuite(name: string, open: () => Promise<OpenedSource>, lacks: readonly SourceLack[] = []): void {
  describe(name, () => {
    let opened: OpenedSource
    let keys = 0
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.close())

    const newKey = (): string => `k${(keys += 1)}`
    const part = (id: string, text = 'bolt', stock: number | null = 1): Part => ({ id, name: text, stock })

    async function load(id: string | number): Promise<Part | null> {
      const { source } = opened
      if (source.load !== undefined) return source.load({ id }, { signal })
      return (await source.loadMany?.([{ id }], { signal }))?.[0] as Part | null
    }

    async function loadMany(ids: readonly string[]): Promise<readonly (Part | null | Error)[]> {
      const { source } = opened
      return (
        source.loadMany?.(
          ids.map((id) => ({ id })),
          { signal },
        ) ?? Promise.all(ids.map(load))
      )
    }

    async function store(value: Part, sequence?: number): Promise<void> {
      const { source } = opened
      if (source.store !== undefined) await source.store({ id: value.id }, value, { signal, sequence })
      else await source.storeMany?.([{ params: { id: value.id }, value, sequence }], { signal })
    }

    async function storeMany(writes: readonly PartWrite[]): Promise<void> {
      const { source } = opened
      if (source.storeMany !== undefined) expect((await source.storeMany(writes, { signal })) ?? []).not.toContainEqual(expect.any(Error))
      else for (const { value, sequence } of writes) await store(value, sequence)
    }

    async function remove(id: string, sequence?: number): Promise<void> {
      await opened.source.remove?.({ id }, { signal, sequence })
    }

    test('what is not there is null', async () => {
      expect(await load(newKey())).toBeNull()
    })

    test('what was stored is loaded, then what was stored over it', async () => {
      const id = newKey()
      await store(part(id))
      expect(await load(id)).toEqual(part(id))
      await store(part(id, 'nut', null))
      expect(await load(id)).toEqual(part(id, 'nut', null))
    })

    test('several are loaded in the order in which they were asked for, null for what is not there', async () => {
      const ids = Array.from({ length: 20 }, newKey)
      const there = ids.filter((_, at) => at % 3 > 0).reverse()
      await storeMany(there.map((id) => ({ params: { id }, value: part(id, `of ${id}`), sequence: undefined })))
      expect(await loadMany(ids)).toEqual(ids.map((id) => (there.includes(id) ? part(id, `of ${id}`) : null)))
    })

    test('what was removed is gone; what is not there can be removed', async () => {
      const id = newKey()
      await remove(id)
      await store(part(id))
      await remove(id)
      expect(await load(id)).toBeNull()
      await store(part(id, 'again'))
      expect(await load(id)).toEqual(part(id, 'again'))
    })

    test('a parameter counts by its text', async () => {
      await store(part('4711'))
      expect(await load(4711)).toEqual(part('4711'))
      await opened.source.store?.({ id: 4711 }, part('4711', 'by number'), { signal, sequence: undefined })
      expect(await load('4711')).toEqual(part('4711', 'by number'))
    })

    test('no text is anything but text', async () => {
      const odd = [
        "'",
        '"',
        '`',
        '\\',
        "' or '1'='1",
        '"; drop table x; --',
        '%',
        '_',
        '?a=b&c',
        '../x',
        'a/b',
        '#',
        'é𝄞',
        ' ',
        '$1',
        ':id',
        'NULL',
        '__proto__',
      ]
      const parts = odd.map((text, at) => part(`${newKey()}${text}`, text, at))
      await storeMany(parts.map((value) => ({ params: { id: value.id }, value, sequence: undefined })))
      expect(await loadMany(parts.map(({ id }) => id))).toEqual(parts)
      for (const value of parts) expect(await load(value.id)).toEqual(value)
      await remove(parts[4]?.id ?? '')
      expect(await loadMany(parts.map(({ id }) => id))).toEqual(parts.map((value, at) => (at === 4 ? null : value)))
    })

    describe('with sequences', () => {
      test('a write that is older, or comes again, changes nothing', async () => {
        const id = newKey()
        await store(part(id, 'second'), 2_000_000_000_000_002)
        await store(part(id, 'first'), 2_000_000_000_000_001)
        expect(await load(id)).toEqual(part(id, 'second'))
        await store(part(id, 'second, told otherwise'), 2_000_000_000_000_002)
        expect(await load(id)).toEqual(part(id, 'second'))
        await store(part(id, 'third'), 2_000_000_000_000_003)
        expect(await load(id)).toEqual(part(id, 'third'))
      })

      test('each of several writes is judged alone', async () => {
        const [a, b, c] = [newKey(), newKey(), newKey()]
        await store(part(a, 'a5'), 5)
        await store(part(b, 'b5'), 5)
        await storeMany([
          { params: { id: a }, value: part(a, 'a4'), sequence: 4 },
          { params: { id: b }, value: part(b, 'b6'), sequence: 6 },
          { params: { id: c }, value: part(c, 'c1'), sequence: 1 },
        ])
        expect(await loadMany([a, b, c])).toEqual([part(a, 'a5'), part(b, 'b6'), part(c, 'c1')])
      })

      test('a write without a sequence is written over anything, and leaves the sequence', async () => {
        const id = newKey()
        await store(part(id, 'fifth'), 5)
        await store(part(id, 'through'))
        expect(await load(id)).toEqual(part(id, 'through'))
        await store(part(id, 'fifth'), 5)
        expect(await load(id)).toEqual(part(id, 'through'))
        await store(part(id, 'sixth'), 6)
        expect(await load(id)).toEqual(part(id, 'sixth'))
      })

      test('a row from before all sequences is older than all', async () => {
        const id = newKey()
        await store(part(id, 'through'))
        await store(part(id, 'first'), 1)
        expect(await load(id)).toEqual(part(id, 'first'))
      })

      test('a removal that is older leaves what is newer', async () => {
        const id = newKey()
        await store(part(id, 'third'), 3)
        await remove(id, 2)
        expect(await load(id)).toEqual(part(id, 'third'))
        await remove(id, 4)
        expect(await load(id)).toBeNull()
      })

      const removals = async (): Promise<void> => {
        const [id, never] = [newKey(), newKey()]
        await store(part(id, 'first'), 1)
        await remove(id, 3)
        await remove(never, 3)
        for (const each of [id, never]) {
          await store(part(each, 'second'), 2)
          await store(part(each, 'first'), 1)
          expect(await load(each)).toBeNull()
          await remove(each, 3)
          await store(part(each, 'fourth'), 4)
          expect(await load(each)).toEqual(part(each, 'fourth'))
        }
      }
      if (!lacks.includes('removals')) test('a removal is not undone by an older write, only by a newer one', removals)

      test('writes that come in any order, and again, end in the newest', { timeout: 120_000 }, async () => {
        const kinds = lacks.includes('removals') ? [false] : [false, false, true]
        const plan = fc.record({
          /** Per write: whose it is, and whether it removes. Its place is its sequence. */
          writes: fc.array(fc.record({ key: fc.nat(2), isRemoval: fc.constantFrom(...kinds) }), { minLength: 1, maxLength: 12 }),
          /** What comes: places, any number of times, in batches. */
          order: fc.array(fc.nat(11), { maxLength: 18 }),
          batch: fc.integer({ min: 1, max: 6 }),
        })
        await fc.assert(
          fc.asyncProperty(plan, async ({ writes, order, batch }) => {
            const ids = [newKey(), newKey(), newKey()] as const
            const events = writes.map(({ key, isRemoval }, at) => ({ id: ids[key] ?? '', isRemoval, sequence: at + 1 }))
            // Whatever came before, each comes at least once.
            const coming = [...order.flatMap((at) => events[at] ?? []), ...events.toReversed()]
            for (let at = 0; at < coming.length; at += batch) await deliver(coming.slice(at, at + batch))
            const newest = ids.map((id) => events.findLast((event) => event.id === id))
            const right = newest.map((event) => (event === undefined || event.isRemoval ? null : part(event.id, `w${event.sequence}`)))
            expect(await loadMany(ids)).toEqual(right)
          }),
          { numRuns: testSize({ small: 12, ci: 150, release: 1000 }) },
        )
      })

      /** As a flush does: removals one by one, of several writes of a key in a batch the first that stands there. */
      async function deliver(
        events: readonly { readonly id: string; readonly isRemoval: boolean; readonly sequence: number }[],
      ): Promise<void> {
        for (const { id, sequence } of events.filter(({ isRemoval }) => isRemoval)) await remove(id, sequence)
        const left = events.filter(({ isRemoval }) => !isRemoval)
        const firsts = left.filter(({ id }, at) => left.findIndex((other) => other.id === id) === at)
        const toWrite = ({ id, sequence }: { readonly id: string; readonly sequence: number }): PartWrite => ({
          params: { id },
          value: part(id, `w${sequence}`),
          sequence,
        })
        if (firsts.length > 0) await storeMany(firsts.map(toWrite))
        for (const event of left.filter((each) => !firsts.includes(each))) await store(part(event.id, `w${event.sequence}`), event.sequence)
      }
    })

    test('what nobody waits for is not begun', async () => {
      const id = newKey()
      await store(part(id))
      const context = { signal: AbortSignal.abort(new Error('nobody waits')), sequence: undefined }
      const { source } = opened
      const begun = [
        async () => source.store?.({ id }, part(id, 'late'), context),
        async () => source.storeMany?.([{ params: { id }, value: part(id, 'late'), sequence: undefined }], context),
        async () => source.remove?.({ id }, context),
      ]
      for (const [at, member] of (['store', 'storeMany', 'remove'] as const).entries()) {
        if (source[member] !== undefined) await expect(begun[at]?.()).rejects.toThrow('nobody waits')
      }
      expect(await load(id)).toEqual(part(id))
    })
  })
}
