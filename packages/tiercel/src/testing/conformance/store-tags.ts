import assert from 'node:assert/strict'
import { decodeTag } from '../../codecs/tag-token.ts'
import { type ContractCase, checksOf, eventually, sleep } from './contract-case.ts'
import type { StoreContext } from './store-context.ts'

const checkOf = checksOf<StoreContext>()

/** Tags are tokens, which their counter counts. */
export const tagCases: readonly ContractCase<StoreContext>[] = [
  checkOf('tags: get random tokens when they are first asked for, and keep them', async ({ store, newTags, snap }) => {
    const { counter, tags } = newTags(3)
    const first = await snap(counter, tags)
    const decoded = first.tags.map((content) => decodeTag(content as Buffer))
    assert.equal(new Set(decoded.flatMap((token) => [token?.hard, token?.soft])).size, 6)
    assert.ok(decoded.every((token) => token?.number === first.number))
    assert.deepEqual(await snap(counter, tags), first)
    assert.deepEqual(
      (await store.getMany(tags)).map((content, at) => content?.equals(first.tags[at] as Buffer)),
      [true, true, true],
    )
  }),
  checkOf('tags: a bump deletes and counts, each tag and also what is not there', async ({ store, newTags, slot, snap, bump }) => {
    const { counter, tags } = newTags(2)
    const { number } = await snap(counter, tags)
    await bump(counter, tags)
    assert.deepEqual(await store.getMany(tags), [undefined, undefined])
    const second = await snap(counter, tags)
    assert.equal(second.number, number + 2)
    assert.equal(decodeTag(second.tags[0] as Buffer)?.number, number + 2)
    await bump(counter, [`${slot}never`])
    assert.equal((await snap(counter, [])).number, number + 3)
  }),
  checkOf('tags: a counter that was lost goes on from the time, never below', async ({ store, newTags, snap, bump }) => {
    const { counter, tags } = newTags()
    const { number } = await snap(counter, tags)
    for (let time = 0; time < 5; time += 1) await bump(counter, tags)
    await store.deleteMany([counter])
    assert.ok((await snap(counter, tags)).number > number + 5)
  }),
  checkOf('tags: expiring gives a new soft half and a new number, and keeps the hard half', async ({ store, newTags, slot, snap }) => {
    const { counter, tags } = newTags()
    const before = await snap(counter, tags)
    await store.ageTags([...tags, `${slot}unknown`], counter)
    const after = await snap(counter, tags)
    const [old, young] = [decodeTag(before.tags[0] as Buffer), decodeTag(after.tags[0] as Buffer)]
    assert.equal(young?.hard, old?.hard)
    assert.notEqual(young?.soft, old?.soft)
    assert.ok((young?.number ?? 0) > (old?.number ?? Number.POSITIVE_INFINITY))
    assert.equal(after.number, before.number + 2)
    assert.equal(await store.get(`${slot}unknown`), undefined)
  }),
  checkOf('tags: a fence on a tag shows in a snapshot, and counts when it ends', async ({ store, newOwner, newTags, snap }) => {
    const { counter, tags } = newTags()
    const { number } = await snap(counter, tags)
    const by = newOwner()
    await store.fence({ keys: tags, counter, op: 'open', owner: by, forMs: 60_000, ttlMs: 60_000 })
    assert.deepEqual(await snap(counter, tags), { number, tags: ['fenced'] })
    await store.ageTags(tags, counter)
    assert.deepEqual((await snap(counter, tags)).tags, ['fenced'])
    await store.fence({ keys: tags, counter, op: 'close', owner: by, forMs: 0, ttlMs: 60_000 })
    assert.equal((await snap(counter, tags)).number, number + 1)
  }),
  checkOf(
    'tags: a fence whose owners died is counted when the tag gets a new token: it does not end unnoticed',
    async ({ store, newOwner, newTags, snap }) => {
      const { counter, tags } = newTags()
      const { number } = await snap(counter, tags)
      await store.fence({ keys: tags, counter, op: 'open', owner: newOwner(), forMs: 60, ttlMs: 60_000 })
      await sleep(100)
      const after = await snap(counter, tags)
      assert.equal(after.number, number)
      assert.equal(decodeTag(after.tags[0] as Buffer)?.number, number + 1)
    },
  ),
  checkOf('tags: live as long as they are told, and longer when less than half is left', async ({ store, newTags, snap }) => {
    const { counter, tags } = newTags()
    const first = await snap(counter, tags, 300)
    await sleep(200)
    assert.deepEqual(await snap(counter, tags, 60_000), first)
    await sleep(150)
    assert.deepEqual(await snap(counter, tags, 60_000), first)
    const { counter: other, tags: short } = newTags()
    await snap(other, short, 80)
    await eventually(async () => assert.equal(await store.get(short[0] as string), undefined))
  }),
]
