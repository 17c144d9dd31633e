import { afterEach, expect, test } from 'vitest'
import { endsAt } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { Crew, judge } from './crew.ts'
import { openLog, soon } from './opened.ts'

const writes = testSize({ small: 1_000, ci: 10_000, release: 100_000 })
const ids = 100
const ends = endsAt(afterEach)

test(`of ${writes} writes one in a thousand is refused: all others arrive in order, and the refused ones are whole and may be replayed`, async () => {
  const perId = writes / ids
  const isPoison = (id: number, at: number): boolean => (at * ids + id) % 1_000 === 500
  const value = (id: number) => (at: number) => `${at}${isPoison(id, at) ? ' poison' : ''}`
  const carry = { flushEvery: 5, batchSize: 50, coalesce: false, maxTries: 3, retryAfter: 5, maxRetryAfter: 50, lease: 1_000 }
  const crew = await Crew.start({ workers: 2, partitions: 4, carry, faults: { takesMs: 0, refuses: 'poison' } }, ends)
  await Promise.all(Array.from({ length: ids }, (_, id) => crew.writeTo(id, perId, value(id))))
  const { log } = crew.opened
  // Others get through as long as somebody writes.
  let more = 0
  await expect
    .poll(async () => {
      await crew.opened.put(ids + (more % 8), String(more++))
      return (await log.stats()).deadLetters
    }, soon)
    .toBe(writes / 1_000)
  await log.drain()
  const { lost, outOfOrder } = judge(crew.acknowledged, await crew.report())
  expect(outOfOrder).toEqual([])
  expect(lost.every((each) => each.endsWith('poison'))).toBe(true)
  const letters = await log.deadLetters.list({ limit: 1_000 })
  expect(
    letters.map(({ params, change }) => `${String(params['id'])}: ${change.kind === 'store' ? String(change.value) : ''}`).sort(),
  ).toEqual(lost.sort())
  // Somebody has mended the source, and a worker that speaks to it as it is now.
  await Promise.all([...crew.workers].map((worker) => crew.fire(worker)))
  const mended = new Map<number, unknown>()
  const healed = openLog(crew.server.url, ends, { name: crew.name, partitions: 4, worker: { flushEvery: 5, lease: 1_000 } })
  healed.log.source('row:{id}', { store: ({ id }: { id?: unknown }, stored: unknown) => void mended.set(Number(id), stored) } as never)
  expect(await healed.log.deadLetters.replayAll()).toBe(letters.length)
  await expect.poll(() => healed.log.stats(), soon).toMatchObject({ depth: 0, deadLetters: 0 })
  for (const { params } of letters) expect(String(mended.get(Number(params['id'])))).toMatch(/poison/)
}, 300_000)
