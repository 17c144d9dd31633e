import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Store } from '../../stores/store.ts'
import { bytes, type ContractCase, checksOf, eventually, sleep } from './contract-case.ts'
import type { StoreContext } from './store-context.ts'

const checkOf = checksOf<StoreContext>()

/** What is stored only where nothing is, or only over what was seen. */
export const claimCases: readonly ContractCase<StoreContext>[] = [
  checkOf('claim: stores where nothing is, and says what is there where something is', async ({ store, newKey, text }) => {
    const key = newKey()
    assert.equal(await store.claim({ key, value: bytes('first'), ttlMs: 60_000 }), undefined)
    assert.equal((await store.claim({ key, value: bytes('second'), ttlMs: 60_000 }))?.toString(), 'first')
    assert.equal(await text(key), 'first')
  }),
  checkOf('claim: does not lengthen the life of what is there', async ({ store, newKey, put }) => {
    const key = newKey()
    await put(key, 'short', 150)
    await store.claim({ key, value: bytes('long'), ttlMs: 60_000 })
    await eventually(async () => assert.equal(await store.get(key), undefined))
  }),
  checkOf('claim: stores where what was there has run out', async ({ store, newKey, put }) => {
    const key = newKey()
    await put(key, 'short', 50)
    await sleep(100)
    assert.equal(await store.claim({ key, value: bytes('next'), ttlMs: 60_000 }), undefined)
  }),
  checkOf('claim: of many at once lets one win', async ({ store, newKey, text }) => {
    const key = newKey()
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => store.claim({ key, value: bytes(`${i}`), ttlMs: 60_000 })))
    assert.equal(results.filter((present) => present === undefined).length, 1)
    assert.equal(await text(key), `${results.indexOf(undefined)}`)
  }),
  checkOf('swap: stores over what begins as expected, and only that', async ({ store, newKey, text }) => {
    const swap = swapIn(store)
    const key = newKey()
    await store.setMany([{ key, value: Buffer.from([0, 1, 2, 255, 4]), ttlMs: 60_000 }])
    assert.equal(await swap(key, Buffer.from([0, 1, 3]), 'new'), false)
    assert.equal(await swap(key, Buffer.from([0, 1, 2, 255, 4, 5]), 'new'), false)
    assert.ok(await swap(key, Buffer.from([0, 1, 2, 255]), 'new'))
    assert.equal(await text(key), 'new')
  }),
  checkOf('swap: stores over all of what is expected, twice with one answer each', async ({ store, newKey, text }) => {
    const swap = swapIn(store)
    const key = newKey()
    const lease = Buffer.concat([bytes('L'), randomBytes(16)])
    await store.claim({ key, value: lease, ttlMs: 60_000 })
    assert.equal(await swap(key, randomBytes(17), 'stranger', { isWhole: true }), false)
    assert.ok(await swap(key, lease, 'mine', { isWhole: true }))
    assert.equal(await swap(key, lease, 'again', { isWhole: true }), false)
    assert.equal(await text(key), 'mine')
  }),
  ...[true, false].flatMap((isWhole) => [
    checkOf(`swap: stores nothing where something was expected and nothing is (whole: ${isWhole})`, async ({ store, newKey }) => {
      const key = newKey()
      assert.equal(await swapIn(store)(key, bytes('old'), 'new', { isWhole }), false)
      assert.equal(await store.get(key), undefined)
    }),
    checkOf(`swap: removes, and gives a new value its own time (whole: ${isWhole})`, async ({ store, newKey, put }) => {
      const swap = swapIn(store)
      const [gone, short] = [newKey(), newKey()]
      await put(gone, 'old')
      await put(short, 'old')
      assert.equal(await swap(gone, bytes('other'), undefined, { isWhole }), false)
      assert.equal(await swap(gone, bytes('old'), undefined, { isWhole }), true)
      assert.equal(await store.get(gone), undefined)
      assert.equal(await swap(short, bytes('old'), 'new', { isWhole, ttlMs: 100 }), true)
      await eventually(async () => assert.equal(await store.get(short), undefined))
    }),
  ]),
]

type SwapIn = (key: string, expected: Buffer, value: string | undefined, more?: { isWhole?: boolean; ttlMs?: number }) => Promise<boolean>

function swapIn(store: Store): SwapIn {
  return (key, expected, value, { isWhole = false, ttlMs = 60_000 } = {}) =>
    store.swap({ key, expected, isWhole, value: value === undefined ? undefined : bytes(value), ttlMs })
}
