import assert from 'node:assert/strict'
import { bytes, type ContractCase, checksOf, eventually, sleep } from './contract-case.ts'
import type { StoreContext } from './store-context.ts'

const checkOf = checksOf<StoreContext>()

/** The rest: heads, what is written into, the clock, the end. */
export const changeCases: readonly ContractCase<StoreContext>[] = [
  checkOf('reads the first bytes alone', async ({ store, newKey, put }) => {
    const [long, short] = [newKey(), newKey()]
    await put(long, 'V'.repeat(1_000))
    await put(short, 'V12')
    const heads = await Promise.all([long, short, newKey()].map((key) => store.getHead(key)))
    assert.deepEqual(
      heads.map((head) => head?.toString()),
      ['V'.repeat(64), 'V12', undefined],
    )
  }),
  checkOf('overwrite: writes into a value and keeps its time', async ({ store, newKey, put, text }) => {
    const key = newKey()
    await put(key, 'V0123456789', 300)
    assert.ok(await store.overwrite(key, 1, bytes('abc')))
    assert.equal(await text(key), 'Vabc3456789')
    await eventually(async () => assert.equal(await store.get(key), undefined))
  }),
  checkOf('overwrite: deletes what is no value, and creates nothing', async ({ store, newKey, put }) => {
    const [lease, missing] = [newKey(), newKey()]
    await put(lease, 'L and its token')
    assert.equal(await store.overwrite(lease, 1, bytes('abc')), false)
    assert.equal(await store.overwrite(missing, 1, bytes('abc')), false)
    assert.deepEqual(await store.getMany([lease, missing]), [undefined, undefined])
  }),
  checkOf("has a clock that goes on, near this machine's", async ({ store }) => {
    const first = store.nowMs()
    assert.ok(Math.abs(first - Date.now()) < 5_000)
    await eventually(async () => assert.ok(store.nowMs() > first))
  }),
  checkOf('refuses everything after its end, which may come twice', async ({ another }) => {
    const store = await another()
    await Promise.all([store.close(), store.close()])
    const calls = [
      () => store.get('k'),
      () => store.getMany(['k']),
      () => store.setMany([{ key: 'k', value: bytes('x'), ttlMs: 1_000 }]),
      () => store.swap({ key: 'k', expected: bytes('y'), isWhole: true, value: bytes('x'), ttlMs: 1_000 }),
      () => store.claim({ key: 'k', value: bytes('x'), ttlMs: 1_000 }),
      () => store.overwrite('k', 1, bytes('x')),
      () => store.deleteMany(['k']),
      () => store.fence({ keys: ['k'], op: 'close', forMs: 0, ttlMs: 1 }),
      () => store.snap({ counter: 'n', tags: [] }),
      () => store.ageTags(['t'], 'n'),
      () => store.getHead('k'),
      () => store.ready(),
    ]
    for (const call of calls) await assert.rejects(call(), { code: 'TIERCEL_CLOSED' })
  }),
]

/** Being told of changes. */
export const followCases: readonly ContractCase<StoreContext>[] = [
  checkOf(
    'follow: tells of every kind of change to keys with its prefixes, and of no other',
    async ({ store, prefix, newKey, put, newOwner, openFence, closeFence }) => {
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
      if (feed === undefined) assert.fail('There is no follow: name it in lacks.')
      await feed.prove()
      const heard = async (change: () => Promise<unknown>): Promise<void> => {
        // What came late of the change before is not counted to this one.
        await sleep(30)
        const before = changes
        await change()
        await eventually(async () => assert.ok(changes > before))
      }
      await heard(() => store.claim({ key, value: bytes('lease'), ttlMs: 60_000 }))
      await heard(() => store.swap({ key, expected: bytes('lease'), isWhole: true, value: bytes('V0123'), ttlMs: 60_000 }))
      await heard(() => store.overwrite(key, 1, bytes('abc')))
      await heard(() => put(key, 'set'))
      await heard(() => store.deleteMany([key]))
      const by = newOwner()
      await heard(() => openFence(key, by))
      await heard(() => closeFence(key, by))
      await put(other, 'x')
      await feed.prove()
      await sleep(30)
      await feed.close()
      const before = changes
      await put(key, 'x')
      await sleep(50)
      assert.equal(changes, before)
      assert.deepEqual(
        [...heardOf].filter((changed) => !changed.startsWith(prefix)),
        [],
      )
    },
  ),
]
