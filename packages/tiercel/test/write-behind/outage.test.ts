import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { endsAt, openServer } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { MemorySource } from './memory-source.ts'
import { openLog, quick, soon, template } from './opened.ts'

const awayMs = testSize({ small: 1_000, ci: 20_000, release: 60_000 })
const maxPending = 200
const ids = 50
const ends = endsAt(afterEach)

describe.each(['wait', 'refuse'] as const)(`the source is down for ${awayMs} ms under load, onFull: %s`, (onFull) => {
  test(
    'as much waits as was allowed, nothing that was acknowledged is lost, and all is carried afterwards',
    async () => {
      const { server } = await openServer('valkey-9.1', ends)
      const { put, log } = openLog(server.url, ends, {
        maxPending,
        onFull,
        waitFor: '10m',
        worker: { ...quick, coalesce: false, maxTries: 2 },
      })
      const source = new MemorySource()
      log.source(template, source as never)
      const acknowledged = new Map<number, number[]>()
      const told = { full: 0, other: 0 }
      let isWriting = true
      const write = async (id: number): Promise<void> => {
        const list: number[] = []
        acknowledged.set(id, list)
        for (let at = 0; isWriting; at += 1) {
          try {
            await put(id, at)
            list.push(at)
          } catch (error) {
            if ((error as { code?: string }).code === 'TIERCEL_WRITES_FULL') told.full += 1
            else told.other += 1
          }
          await sleep(5)
        }
      }
      const writing = Promise.all(Array.from({ length: ids }, (_, id) => write(id)))
      await expect.poll(() => source.applied.length, soon).toBeGreaterThan(ids)
      source.isDown = true
      let deepest = 0
      for (const endMs = performance.now() + awayMs; performance.now() < endMs; await sleep(20)) {
        deepest = Math.max(deepest, (await log.stats()).depth)
      }
      source.isDown = false
      isWriting = false
      await writing
      expect(await log.drain({ timeout: '1m' })).toEqual({ isEmpty: true, depth: 0 })
      expect(told.other).toBe(0)
      // Each of four partitions has a share of its own.
      expect(deepest).toBeLessThanOrEqual(maxPending)
      expect(deepest).toBeGreaterThan(maxPending / 4)
      if (onFull === 'wait') expect(told.full).toBe(0)
      else expect(told.full).toBeGreaterThan(0)
      for (const [id, list] of acknowledged) expect(source.values(id)).toEqual(list)
      expect(await log.stats()).toMatchObject({ died: 0 })
    },
    120_000 + awayMs,
  )
})
