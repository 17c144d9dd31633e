import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { bytes, type ContractCase, checksOf, eventually, sleep } from './contract-case.ts'
import type { StoreContext } from './store-context.ts'

const checkOf = checksOf<StoreContext>()

/** What goes in comes out, for its time. */
export const valueCases: readonly ContractCase<StoreContext>[] = [
  checkOf('says which contract it keeps', ({ store }) => {
    assert.equal(store.specVersion, 1)
    assert.match(String(store.name), /^[a-z]+$/)
  }),
  checkOf('gives back the bytes that went in', async ({ store, newKey }) => {
    const values = [bytes('text'), Buffer.alloc(0), Buffer.from([0, 255, 10, 13, 0xc3, 0x28]), randomBytes(100_000)]
    const keys = values.map(newKey)
    await store.setMany(values.map((value, i) => ({ key: keys[i] as string, value, ttlMs: 60_000 })))
    for (const [i, found] of (await store.getMany(keys)).entries()) assert.ok(found?.equals(values[i] as Buffer))
    assert.equal((await store.get(keys[1] as string))?.length, 0)
  }),
  checkOf('keeps no hold on bytes that were handed in or out', async ({ store, newKey, text }) => {
    const key = newKey()
    const mine = bytes('abc')
    await store.setMany([{ key, value: mine, ttlMs: 60_000 }])
    mine.fill(0)
    const handed = await store.get(key)
    handed?.fill(0)
    assert.equal(await text(key), 'abc')
  }),
  checkOf('says undefined for what is not there', async ({ store, newKey }) => {
    assert.equal(await store.get(newKey()), undefined)
    assert.deepEqual(await store.getMany([newKey(), newKey()]), [undefined, undefined])
    assert.deepEqual(await store.getMany([]), [])
  }),
  checkOf('says how long a key still lives, where it can', async ({ store, newKey, put }) => {
    const key = newKey()
    await put(key, 'text', 60_000)
    if (store.leftMs === undefined) return
    const leftMs = (await store.leftMs(key)) ?? 0
    assert.ok(leftMs > 50_000 && leftMs <= 60_000, `${leftMs} ms`)
    assert.equal(await store.leftMs(newKey()), undefined)
  }),
  checkOf('tells any two texts apart as keys', async ({ store, newKey }) => {
    const keys = ['a', 'a ', 'A', 'ä', 'ä', '{a}', '{a}b', 'a*', 'a\n', 'a\0', '😀', '%', 'x'.repeat(900)].map((key) => newKey() + key)
    await store.setMany(keys.map((key) => ({ key, value: bytes(key), ttlMs: 60_000 })))
    assert.deepEqual((await store.getMany(keys)).map(String), keys)
  }),
  checkOf('answers many keys in their order, also the same one twice', async ({ store, newKey }) => {
    const keys = Array.from({ length: 2_500 }, newKey)
    await store.setMany(keys.filter((_, i) => i % 2 === 0).map((key) => ({ key, value: bytes(key), ttlMs: 60_000 })))
    const asked = [...keys].reverse().concat(keys[0] as string, keys[0] as string)
    const found = await store.getMany(asked)
    assert.deepEqual(
      found.map((value) => value?.toString()),
      asked.map((key) => (keys.indexOf(key) % 2 === 0 ? key : undefined)),
    )
  }),
  checkOf('answers each of many single reads of one turn with its own value', async ({ store, newKey }) => {
    const keys = Array.from({ length: 300 }, newKey)
    await store.setMany(keys.map((key) => ({ key, value: bytes(key), ttlMs: 60_000 })))
    assert.deepEqual((await Promise.all(keys.map((key) => store.get(key)))).map(String), keys)
  }),
  checkOf('ends a value after its time, not before', async ({ store, newKey, put, text }) => {
    const [short, long] = [newKey(), newKey()]
    await put(short, 'short', 150)
    await put(long, 'long', 60_000)
    const writtenAtMs = performance.now()
    const present = await text(short)
    if (performance.now() - writtenAtMs < 100) assert.equal(present, 'short')
    await eventually(async () => assert.equal(await store.get(short), undefined))
    assert.equal(await text(long), 'long')
  }),
  checkOf('replaces a value and its time', async ({ newKey, put, text }) => {
    const key = newKey()
    await put(key, 'old', 100)
    await put(key, 'new', 60_000)
    await sleep(150)
    assert.equal(await text(key), 'new')
  }),
  checkOf('executes reads and writes in the order of the calls', async ({ store, newKey, put }) => {
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
    assert.deepEqual(
      [results[0], results[2], results[4], results[6]].map((value) => value?.toString()),
      [undefined, '1', '2', undefined],
    )
  }),
  checkOf('deletes what is there, and does not mind what is not', async ({ store, newKey }) => {
    const keys = Array.from({ length: 20 }, newKey)
    await store.setMany(keys.slice(0, 10).map((key) => ({ key, value: bytes('x'), ttlMs: 60_000 })))
    await store.deleteMany(keys)
    assert.ok((await store.getMany(keys)).every((value) => value === undefined))
    await store.deleteMany([])
  }),
]
