import { describe, expect, test } from 'vitest'
import { memoryStore, type Store } from '../../src/index.ts'
import { storeConformance } from '../../src/testing/index.ts'

/** A store of the contract, with members of it replaced. */
function spoilt(spoil: (good: Store) => Partial<Store>): Store {
  const good = memoryStore()
  const changes = spoil(good)
  return new Proxy(good, {
    get(_, name) {
      const own = Reflect.get(changes, name) ?? Reflect.get(good, name)
      return typeof own === 'function' ? own.bind(good) : own
    },
  })
}

/** What fails of the cases that are looked for. They do not depend on each other. */
async function failuresOf(open: () => Store, among: RegExp): Promise<string[]> {
  const cases = storeConformance({ open }).filter(({ name }) => among.test(name))
  expect(cases).not.toEqual([])
  const failures = await Promise.all(
    cases.map(({ name, run }) =>
      run().then(
        () => [],
        () => [name],
      ),
    ),
  )
  return failures.flat()
}

describe('the suite of stores finds', () => {
  test.concurrent.each<[string, (good: Store) => Partial<Store>, RegExp]>([
    ['deletes that do nothing', () => ({ deleteMany: async () => undefined }), /deletes what is there/],
    ['a claim that takes what is taken', (good) => ({ claim: (entry) => good.setMany([entry]).then(() => undefined) }), /claim: of many/],
    [
      'a swap that does not compare',
      (good) => ({ swap: (swap) => good.setMany([{ ...swap, value: swap.value ?? Buffer.of(1) }]).then(() => true) }),
      /swap: stores over what/,
    ],
    ['a fence that does not keep out', () => ({ fence: async ({ keys }) => keys.map(() => 'fenced' as const) }), /a fence keeps sets/],
    [
      'lives that do not end',
      (good) => ({ setMany: (entries) => good.setMany(entries.map((entry) => ({ ...entry, ttlMs: 60_000 }))) }),
      /ends a value after its time/,
    ],
    [
      'bytes that are shared',
      (good) => {
        const kept = new Map<string, Buffer>()
        return {
          setMany: (entries) => {
            for (const { key, value } of entries) kept.set(key, value)
            return good.setMany(entries)
          },
          get: async (key) => kept.get(key) ?? good.get(key),
        }
      },
      /keeps no hold on bytes/,
    ],
    ['an end that ends nothing', () => ({ close: async () => undefined }), /refuses everything after its end/],
    [
      'no news of changes',
      () => ({ follow: async () => ({ isLocal: true, prove: async () => undefined, close: async () => undefined }) }),
      /follow: tells/,
    ],
  ])('%s', async (_, spoil, expected) => {
    expect(await failuresOf(() => spoilt(spoil), expected)).not.toEqual([])
  })

  test('nothing in a store that keeps the contract, and asks less where less is promised', async () => {
    expect(await failuresOf(() => memoryStore(), /./)).toEqual([])
    const names = (lacks: readonly 'follow'[]) => storeConformance({ open: () => memoryStore(), lacks }).map(({ name }) => name)
    expect(names([]).filter((name) => !names(['follow']).includes(name))).toEqual([expect.stringContaining('follow: ')])
    expect(new Set(names([])).size).toBe(names([]).length)
  })

  test('options that nobody knows', () => {
    expect(() => storeConformance({ open: () => memoryStore(), lack: [] } as object as { open(): Store })).toThrow(
      expect.objectContaining({ code: 'TIERCEL_UNKNOWN_OPTION' }),
    )
  })
})
