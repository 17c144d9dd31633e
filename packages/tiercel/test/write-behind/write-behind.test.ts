import { type RunningServer, serverNames } from '@tiercel/test-servers'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWriteBehind, createWriteBehindWorker, type WriteBehindOptions } from '../../src/patterns/write-behind/index.ts'
import type { WriteBehindWorkerOptions } from '../../src/patterns/write-behind/options.ts'
import { endsAt, openServer } from '../integration/ends.ts'
import { serversAtLength } from '../test-size.ts'
import { MemorySource } from './memory-source.ts'
import { entryKeyOf, newName, openLog, openWorker, quick, soon, template } from './opened.ts'

const never = '1h'

describe.each(serversAtLength(serverNames))('write-behind on %s', (name) => {
  let server: RunningServer
  let admin: Redis
  const serverEnds = endsAt(afterAll)
  const ends = endsAt(afterEach)

  beforeAll(async () => {
    ;({ server, admin } = await openServer(name, serverEnds))
  })

  const open = (options: Partial<WriteBehindOptions> = {}) => {
    const source = new MemorySource()
    const opened = openLog(server.url, ends, options)
    if (options.worker !== false) opened.log.source(template, source as never)
    return { ...opened, source }
  }

  describe('writes', () => {
    test('are acknowledged when they are in the log, and reach the source, the newest of each key', async () => {
      const { put, log, source } = open({ worker: { ...quick, flushEvery: 200 } })
      const appended = await Promise.all(Array.from({ length: 100 }, (_, at) => put(at % 5, at)))
      expect(new Set(appended.map(({ source: where, durability }) => `${where} ${durability}`))).toEqual(new Set(['logged memory']))
      expect(source.applied).toEqual([])
      await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0, appended: 100, settled: 100 })
      expect([0, 1, 2, 3, 4].map((id) => source.rows.get(id)?.value)).toEqual([95, 96, 97, 98, 99])
      expect(source.rows.get(0)?.sequence).toBe(appended[95]?.sequence)
      expect(source.applied.length).toBeLessThan(50)
    })

    test('all of them reach the source, when told so', async () => {
      const { put, log, source } = open({ worker: { ...quick, coalesce: false } })
      for (let at = 0; at < 30; at += 1) void put(at % 3, at)
      expect(await log.drain()).toEqual({ isEmpty: true, depth: 0 })
      expect(source.values(1)).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28])
    })

    test('keep what the value was, and what JSON does not', async () => {
      const { put, log, source } = open()
      const value = { at: new Date(0), tags: new Set(['a']) }
      const appending = put(1, value)
      value.tags.add('later')
      await appending
      await log.drain()
      expect(source.rows.get(1)?.value).toEqual({ at: new Date(0), tags: new Set(['a']) })
      await expect(put(1, () => 1)).rejects.toMatchObject({ code: 'TIERCEL_UNSERIALIZABLE_VALUE' })
    })

    test('are found by their key until the source has them, in any process; a removal too', async () => {
      const { put, remove, log, name: logName, source } = open({ worker: false })
      const reader = openLog(server.url, ends, { name: logName, worker: false }).log
      expect(await reader.pending(template, entryKeyOf(1))).toBeUndefined()
      await put(1, 'old')
      const { sequence } = await put(1, { name: 'new' })
      expect(await reader.pending(template, entryKeyOf(1))).toEqual({ sequence, change: { kind: 'store', value: { name: 'new' } } })
      const removed = await remove(2)
      expect(await reader.pending(template, entryKeyOf(2))).toEqual({ sequence: removed.sequence, change: { kind: 'remove' } })
      openWorker(server.url, ends, { name: logName, source })
      await log.drain()
      expect(await reader.pending(template, entryKeyOf(1))).toBeUndefined()
      expect(await reader.pending(template, entryKeyOf(2))).toBeUndefined()
      expect(source.rows.get(1)?.value).toEqual({ name: 'new' })
      expect(source.rows.get(2)).toEqual({ value: undefined, sequence: removed.sequence })
    })

    test('a newer one that comes while an older is carried stays pending', async () => {
      const { put, log, source } = open()
      let letGo = (): void => undefined
      source.before = () => new Promise<void>((resolve) => (letGo = resolve))
      await put(1, 'old')
      await expect.poll(() => source.calls, soon).toBe(1)
      const { sequence } = await put(1, 'new')
      source.before = () => Promise.resolve()
      letGo()
      await expect.poll(() => source.values(1), soon).toContain('old')
      const found = await log.pending(template, entryKeyOf(1))
      // It may have been carried by now.
      if (found !== undefined) expect(found).toMatchObject({ sequence })
      await log.drain()
      expect(source.values(1)).toEqual(['old', 'new'])
    })

    test('of a source that this worker does not know wait, and keep no others waiting', async () => {
      const { put, log, events, source } = open({ worker: { ...quick, maxTries: 1 } })
      await log.append({
        name: 'other:{id}',
        key: entryKeyOf(1),
        params: { id: 1 },
        change: { kind: 'store', value: 1 },
      })
      await put(1, 'known')
      await expect.poll(() => source.values(1), soon).toEqual(['known'])
      await expect.poll(() => events.filter(({ type }) => type === 'record.failed').length, soon).toBeGreaterThan(3)
      expect(await log.stats()).toMatchObject({ depth: 1, died: 0 })
      const other = new MemorySource()
      log.source('other:{id}', other as never)
      await expect.poll(() => other.values(1), soon).toEqual([1])
    })
  })

  describe('a log that is full', () => {
    test('refuses', async () => {
      const { put, log, source, events } = open({ partitions: 1, maxPending: 3 })
      source.isDown = true
      const results = await Promise.allSettled([1, 2, 3, 4].map((at) => put(at, at)))
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
      await expect(put(9, 9)).rejects.toMatchObject({ code: 'TIERCEL_WRITES_FULL', retryable: true })
      expect(events).toContainEqual({ type: 'append.full', partition: 0, key: `${template} ${entryKeyOf(9)}`, kind: 'refused' })
      expect((await log.stats()).depth).toBe(3)
      source.isDown = false
      await log.drain()
      expect(await put(9, 9)).toMatchObject({ source: 'logged' })
    })

    test('by bytes as well, and refuses for good what would not fit when it is empty', async () => {
      const { put } = open({ partitions: 1, maxPendingBytes: 1_000, worker: false })
      await put(1, 'x'.repeat(600))
      await expect(put(1, 'x'.repeat(600))).rejects.toMatchObject({ code: 'TIERCEL_WRITES_FULL' })
      await expect(put(1, 'x'.repeat(1_000))).rejects.toMatchObject({ code: 'TIERCEL_VALUE_TOO_LARGE' })
    })

    test('keeps callers waiting, in order, and not for ever', async () => {
      const { put, log, source } = open({ partitions: 1, maxPending: 2, onFull: 'wait', worker: { ...quick, coalesce: false } })
      source.isDown = true
      let done = 0
      const waiting = Array.from({ length: 20 }, (_, at) => put(1, at).finally(() => (done += 1)))
      await expect.poll(() => done, soon).toBe(2)
      source.isDown = false
      await Promise.all(waiting)
      await log.drain()
      expect(source.values(1)).toEqual(Array.from({ length: 20 }, (_, at) => at))
      const impatient = open({ partitions: 1, maxPending: 1, onFull: 'wait', waitFor: 50, worker: false })
      await impatient.put(1, 1)
      await expect(impatient.put(1, 2)).rejects.toMatchObject({ code: 'TIERCEL_WRITES_FULL' })
    })

    test('lets writes through to a source that checks sequences; what waited in it does not overtake them', async () => {
      const { put, log, source, events } = open({
        partitions: 1,
        maxPending: 1,
        onFull: 'through',
        worker: { ...quick, flushEvery: never },
      })
      const first = await put(1, 'logged')
      const second = await put(1, 'through')
      expect(second).toMatchObject({ source: 'committed', durability: 'source' })
      expect(second.sequence).toBeGreaterThan(first.sequence)
      expect(source.rows.get(1)?.value).toBe('through')
      // What waits is older than what the source has.
      expect(await log.pending(template, entryKeyOf(1))).toBeUndefined()
      expect(events).toContainEqual({ type: 'write.through', name: template, key: entryKeyOf(1), sequence: second.sequence })
      await log.drain()
      expect(source.values(1)).toEqual(['through'])
      expect(source.late).toBe(1)
      source.isDown = true
      await put(1, 'fills')
      await expect(put(1, 'not written')).rejects.toThrow('the source is down')
      expect((await log.pending(template, entryKeyOf(1)))?.change).toEqual({ kind: 'store', value: 'fills' })
    })

    test('does not let them through to a source that does not', () => {
      const { log } = openLog(server.url, ends, { onFull: 'through' })
      expect(() => log.source(template, { store: () => undefined })).toThrow(expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED' }))
    })
  })

  describe('a source that fails', () => {
    test('when it is down nothing dies and nothing is lost; it is all carried afterwards', async () => {
      const { put, log, source, events } = open({ worker: { ...quick, maxTries: 2 } })
      source.isDown = true
      await Promise.all(Array.from({ length: 200 }, (_, at) => put(at, at)))
      await expect.poll(() => events.filter(({ type }) => type === 'record.failed').length, soon).toBeGreaterThan(600)
      expect(await log.stats()).toMatchObject({ depth: 200, died: 0 })
      source.isDown = false
      await log.drain()
      expect(source.rows.size).toBe(200)
      expect(await log.stats()).toMatchObject({ depth: 0, died: 0, deadLetters: 0 })
    })

    test('one write among many that is refused is found, and given up; what the cache has of it is deleted when it is pending no more', async () => {
      const { put, log, source, events } = open({ partitions: 1, worker: { ...quick, maxTries: 2, flushEvery: 100 } })
      source.refuses = (value) => value === 'poison'
      await admin.set(entryKeyOf(7), 'V what the cache has')
      await admin.set(entryKeyOf(8), `F0${'o'.repeat(12)}9999999999999`)
      await Promise.all(Array.from({ length: 50 }, (_, at) => put(at, at === 7 || at === 8 ? 'poison' : at)))
      await expect.poll(() => source.rows.size, soon).toBe(48)
      let more = 100
      await expect.poll(() => put(more, more++).then(() => log.stats()), soon).toMatchObject({ deadLetters: 2 })
      expect(events.filter(({ type }) => type === 'record.dead').length).toBe(2)
      expect(await log.pending(template, entryKeyOf(7))).toBeUndefined()
      await expect.poll(() => admin.exists(entryKeyOf(7)), soon).toBe(0)
      // Somebody changes the source: his fence stands.
      expect(await admin.exists(entryKeyOf(8))).toBe(1)
    })

    test('one that never answers is not waited for', async () => {
      const { put, log, source, events } = open({ worker: { ...quick, sourceTimeout: 50 } })
      source.before = () => new Promise(() => undefined)
      await put(1, 1)
      await expect
        .poll(() => events.find((event) => event.type === 'record.failed')?.error, soon)
        .toMatchObject({ code: 'TIERCEL_LOAD_DEADLINE' })
      source.before = () => Promise.resolve()
      await log.drain()
      expect(source.values(1)).toEqual([1])
    })
  })

  describe('dead letters', () => {
    async function withLetters() {
      const opened = open({ worker: { ...quick, giveUpAfter: 1 } })
      opened.source.refuses = (value) => String(value).startsWith('poison')
      for (const id of [1, 2, 3]) await opened.put(id, `poison ${id}`)
      await expect.poll(() => opened.log.stats(), soon).toMatchObject({ deadLetters: 3, depth: 0 })
      opened.source.refuses = () => false
      return opened
    }

    test('are listed whole, in pages', async () => {
      const { log } = await withLetters()
      const first = await log.deadLetters.list({ limit: 2 })
      const rest = await log.deadLetters.list({ after: first.at(-1)?.id as string })
      const found = [...first, ...rest].sort((a, b) => Number(a.params['id']) - Number(b.params['id']))
      expect(found).toMatchObject(
        [1, 2, 3].map((id) => ({
          name: template,
          key: entryKeyOf(id),
          params: { id },
          change: { kind: 'store', value: `poison ${id}` },
          problem: `refused: poison ${id}`,
        })),
      )
    })

    test('are replayed: one, then all; the cache forgets what it has of them', async () => {
      const { log, source } = await withLetters()
      const [letter] = await log.deadLetters.list()
      const id = Number(letter?.params['id'])
      await admin.set(entryKeyOf(id), 'V old')
      expect(await log.deadLetters.replay(letter?.id as string)).toBe(true)
      expect(await admin.exists(entryKeyOf(id))).toBe(0)
      expect(await log.deadLetters.replay(letter?.id as string)).toBe(false)
      await log.drain()
      expect(source.values(id)).toEqual([`poison ${id}`])
      expect(await log.deadLetters.replayAll()).toBe(2)
      await log.drain()
      expect(source.rows.size).toBe(3)
      expect(await log.deadLetters.list()).toEqual([])
    })

    test('are dropped', async () => {
      const { log, source } = await withLetters()
      for (const { id } of await log.deadLetters.list()) expect(await log.deadLetters.drop(id)).toBe(true)
      expect(await log.stats()).toMatchObject({ deadLetters: 0, depth: 0, died: 3 })
      expect(source.rows.size).toBe(0)
    })
  })

  describe('the end', () => {
    test('drain carries at once, and says what is left when its time is over', async () => {
      const { put, log, source } = open({ worker: { ...quick, flushEvery: never } })
      await put(1, 1)
      source.isDown = true
      expect(await log.drain({ timeout: 100 })).toEqual({ isEmpty: false, depth: 1 })
      source.isDown = false
      expect(await log.drain()).toEqual({ isEmpty: true, depth: 0 })
      expect(source.values(1)).toEqual([1])
    })

    test('close carries what is there, refuses what comes, and may be called twice', async () => {
      const { put, log, source } = open({ worker: { ...quick, flushEvery: never } })
      const appending = Promise.all([1, 2, 3].map((id) => put(id, id)))
      const [first, second] = await Promise.all([log.close(), log.close()])
      expect(first).toEqual({ isEmpty: true, depth: 0 })
      expect(second).toBe(first)
      await appending
      expect(source.rows.size).toBe(3)
      await expect(put(4, 4)).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
      await expect(log.pending(template, entryKeyOf(4))).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
    })

    test('what is left is carried by others, at once', async () => {
      const { put, log, name: logName, source } = open({ worker: { ...quick, lease: '10m' } })
      source.isDown = true
      await put(1, 1)
      await expect.poll(() => source.calls, soon).toBeGreaterThan(0)
      expect(await log.close({ drainMs: 50 })).toEqual({ isEmpty: false, depth: 1 })
      source.isDown = false
      openWorker(server.url, ends, { name: logName, source, lease: '10m' })
      await expect.poll(() => source.values(1), soon).toEqual([1])
    })

    test('a source that hangs holds up neither close nor those that come after', async () => {
      const { put, log, name: logName, source } = open({ worker: { ...quick, lease: '10m' } })
      source.before = () => new Promise(() => undefined)
      await put(1, 1)
      await expect.poll(() => source.calls, soon).toBe(1)
      await log.close({ drainMs: 10 })
      const other = new MemorySource()
      openWorker(server.url, ends, { name: logName, source: other, lease: '10m' })
      await expect.poll(() => other.values(1), soon).toEqual([1])
    })
  })

  test('stats: what was carried per second, and which partitions are ours', async () => {
    const { put, log } = open()
    expect((await log.stats()).settledPerSecond).toBe(0)
    await Promise.all(Array.from({ length: 100 }, (_, at) => put(at, at)))
    await log.drain()
    await expect.poll(async () => (await log.stats()).settledPerSecond, soon).toBeGreaterThan(0)
    await expect.poll(async () => (await log.stats()).partitions, soon).toEqual([0, 1, 2, 3])
  })
})

describe('options', () => {
  const url = 'redis://127.0.0.1:1'
  const ends = endsAt(afterEach)
  const source = { store: () => undefined }

  test.each([
    [{ name: 'Shop' }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', partitions: 0 }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', onFull: 'trim' }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', worker: { lease: 10 } }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', worker: { coalesce: 1 } }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', worker: { every: 1 } }, 'TIERCEL_UNKNOWN_OPTION'],
    [{ name: 'shop', flushEvery: 1 }, 'TIERCEL_UNKNOWN_OPTION'],
    [{ name: 'shop', waitFor: 'long' }, 'TIERCEL_INVALID_DURATION'],
  ])('%j: %s', (options, code) => {
    expect(() => createWriteBehind(url, options as never)).toThrow(expect.objectContaining({ code }))
  })

  test.each([
    [{ name: 'shop' }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', sources: {} }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', sources: { 'a b': source } }, 'TIERCEL_INVALID_OPTION'],
    [{ name: 'shop', sources: { a: {} } }, 'TIERCEL_UNSUPPORTED'],
    [{ name: 'shop', sources: { a: source }, onFull: 'wait' }, 'TIERCEL_UNKNOWN_OPTION'],
  ])('of a worker, %j: %s', (options, code) => {
    expect(() => createWriteBehindWorker(url, options as unknown as WriteBehindWorkerOptions)).toThrow(expect.objectContaining({ code }))
  })

  test('a name has one source', () => {
    const { log } = openLog(url, ends, { name: newName(), worker: false })
    log.source('row:{id}', source)
    log.source('row:{id}', source)
    expect(() => log.source('row:{id}', { ...source })).toThrow(expect.objectContaining({ code: 'TIERCEL_TEMPLATE_CONFLICT' }))
  })
})
