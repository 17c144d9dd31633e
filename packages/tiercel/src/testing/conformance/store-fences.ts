import assert from 'node:assert/strict'
import { fenceByte } from '../../codecs/fence.ts'
import { bytes, type ContractCase, checksOf, eventually, sleep } from './contract-case.ts'
import type { StoreContext } from './store-context.ts'

const checkOf = checksOf<StoreContext>()

/** Who changes the source keeps values out. */
export const fenceCases: readonly ContractCase<StoreContext>[] = [
  checkOf('a fence keeps sets, claims and overwrites out, and is not deleted', async ({ store, newKey, text, openFence }) => {
    const [fenced, free] = [newKey(), newKey()]
    await openFence(fenced)
    const outcomes = await store.setMany([fenced, free].map((key) => ({ key, value: bytes('x'), ttlMs: 60_000 })))
    assert.deepEqual(outcomes, ['fenced', 'stored'])
    await store.deleteMany([fenced, free])
    assert.match(String(await text(fenced)), /^F/)
    assert.equal(await text(free), undefined)
    assert.equal((await store.claim({ key: fenced, value: bytes('x'), ttlMs: 60_000 }))?.[0], fenceByte)
    assert.equal(await store.overwrite(fenced, 1, bytes('xyz')), false)
    assert.match(String(await text(fenced)), /^F1/)
  }),
  checkOf(
    'a fence replaces what is there, of whatever kind, and leaves nothing',
    async ({ store, newKey, put, text, newOwner, openFence, closeFence }) => {
      for (const content of ['V and a value', 'L and a token', 'E', '']) {
        const [key, by] = [newKey(), newOwner()]
        if (content !== '') await put(key, content)
        await openFence(key, by)
        assert.match(String(await text(key)), /^F/)
        assert.equal(await closeFence(key, by), 'empty')
        assert.equal(await store.get(key), undefined)
      }
    },
  ),
  checkOf('a fence stands until the last of its owners is gone', async ({ store, newKey, newOwner, openFence, closeFence }) => {
    const [key, first, second] = [newKey(), newOwner(), newOwner()]
    await openFence(key, first)
    await openFence(key, second)
    assert.equal(await closeFence(key, first), 'fenced')
    assert.equal(await closeFence(key), 'fenced')
    assert.equal(await closeFence(key, second), 'empty')
    assert.equal(await store.get(key), undefined)
  }),
  checkOf(
    'a fence ends with the deadline of an owner who died, and not before those of the others',
    async ({ store, newKey, text, newOwner, openFence, closeFence }) => {
      const [key, dead, alive] = [newKey(), newOwner(), newOwner()]
      await openFence(key, dead, 60)
      await openFence(key, alive, 60_000)
      await sleep(100)
      assert.match(String(await text(key)), /^F/)
      assert.equal(await closeFence(key, alive), 'empty')
      const alone = newKey()
      await openFence(alone, dead, 60)
      await eventually(async () => assert.equal(await store.get(alone), undefined))
    },
  ),
  checkOf('a fence is renewed by its owner, and stays his alone', async ({ store, newKey, text, newOwner, openFence, closeFence }) => {
    const [key, by, value] = [newKey(), newOwner(), bytes('V new')]
    await openFence(key, by, 80)
    await store.fence({ keys: [key], op: 'renew', owner: by, forMs: 60_000, ttlMs: 60_000 })
    await sleep(120)
    assert.match(String(await text(key)), /^F0/)
    assert.equal(await closeFence(key, by, { value }), 'stored')
  }),
  checkOf('a fence that was lost and is renewed makes no place for a value', async ({ store, newKey, newOwner, text, closeFence }) => {
    // It was evicted, and somebody else may have changed the source meanwhile.
    const [key, by, value] = [newKey(), newOwner(), bytes('V old')]
    assert.deepEqual(await store.fence({ keys: [key], op: 'renew', owner: by, forMs: 60_000, ttlMs: 60_000 }), ['fenced'])
    assert.match(String(await text(key)), /^F1/)
    assert.equal(await closeFence(key, by, { value }), 'empty')
    assert.equal(await store.get(key), undefined)
  }),
  checkOf('a fence leaves a hold-off behind, which belongs to nobody', async ({ store, newKey, newOwner, openFence, closeFence }) => {
    const [key, by] = [newKey(), newOwner()]
    await openFence(key, by)
    assert.equal(await closeFence(key, by, { forMs: 150 }), 'fenced')
    assert.equal(await closeFence(key, by), 'fenced')
    assert.equal(await closeFence(key), 'fenced')
    await eventually(async () => assert.equal(await store.get(key), undefined))
  }),
  checkOf('a fence gives its place to a value of its only owner', async ({ store, newKey, put, text, newOwner, openFence, closeFence }) => {
    const value = bytes('V new')
    const [key, contended, lost, by] = [newKey(), newKey(), newKey(), newOwner()]
    await openFence(key, by)
    assert.equal(await closeFence(key, by, { value }), 'stored')
    assert.equal(await text(key), 'V new')
    const other = newOwner()
    await openFence(contended, by)
    await openFence(contended, other)
    await closeFence(contended, other)
    assert.equal(await closeFence(contended, by, { value }), 'empty')
    // The fence was evicted, and a loader stored something since.
    await put(lost, 'V old')
    assert.equal(await closeFence(lost, by, { value }), 'empty')
    assert.deepEqual(await store.getMany([contended, lost]), [undefined, undefined])
  }),
  checkOf(
    'a fence makes no place for a value once somebody else has deleted or expired under it',
    async ({ store, newKey, newOwner, openFence, closeFence }) => {
      const [deleted, expired, by, value] = [newKey(), newKey(), newOwner(), bytes('V old')]
      for (const key of [deleted, expired]) await openFence(key, by)
      await store.deleteMany([deleted])
      await store.overwrite(expired, 1, bytes('x'))
      for (const key of [deleted, expired]) assert.equal(await closeFence(key, by, { value }), 'empty')
    },
  ),
  checkOf('a fence of very many owners stands until the last deadline', async ({ newKey, text, newOwner, openFence, closeFence }) => {
    const key = newKey()
    const owners = Array.from({ length: 70 }, newOwner)
    for (const by of owners) await openFence(key, by)
    for (const by of owners) await closeFence(key, by)
    assert.match(String(await text(key)), /^F1/)
  }),
  checkOf('a fence opens and closes many keys in one call', async ({ store, newKey, newOwner }) => {
    const keys = Array.from({ length: 250 }, newKey)
    const by = newOwner()
    assert.deepEqual(new Set(await store.fence({ keys, op: 'open', owner: by, forMs: 60_000, ttlMs: 60_000 })), new Set(['fenced']))
    assert.deepEqual(
      await store.fence({ keys, op: 'close', owner: by, forMs: 0, ttlMs: 60_000 }),
      keys.map(() => 'empty'),
    )
    assert.deepEqual(await store.fence({ keys: [], op: 'close', forMs: 0, ttlMs: 1 }), [])
  }),
]
