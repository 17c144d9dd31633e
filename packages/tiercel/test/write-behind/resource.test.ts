import { type RunningServer, startStandalone } from '@tiercel/test-servers'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import { createWriteBehind, type WriteBehind, type WriteBehindOptions } from '../../src/patterns/write-behind/index.ts'
import type { SourceParams } from '../../src/sources/source.ts'
import { endsAt } from '../integration/ends.ts'
import { warmUp } from '../integration/live-server.ts'
import { newName, patience, quick, soon } from './opened.ts'

interface Row {
  readonly name: string
}

const key = 'row:{id}'
const [old, fresh, newer] = [{ name: 'old' }, { name: 'new' }, { name: 'newer' }]

/** Rows in this process, whose writes can be held up or refused. */
function openSource() {
  const rows = new Map<string, Row>([['1', old]])
  const source = {
    isDown: false,
    refuses: (_row: Row): boolean => false,
    load: vi.fn(async ({ id }: SourceParams) => rows.get(String(id)) ?? null),
    loadMany: vi.fn(async (list: readonly SourceParams[]) => list.map(({ id }) => rows.get(String(id)) ?? null)),
    async store({ id }: SourceParams, row: Row): Promise<void> {
      if (source.isDown) throw new Error('down')
      if (source.refuses(row)) throw new Error('refused')
      rows.set(String(id), row)
    },
    async remove({ id }: SourceParams): Promise<void> {
      if (source.isDown) throw new Error('down')
      rows.delete(String(id))
    },
  }
  return { rows, source }
}

describe('a resource whose writes are logged', () => {
  const ends = endsAt(afterEach)
  let server: RunningServer
  beforeAll(async () => {
    server = await startStandalone()
  })
  afterAll(() => server?.stop())

  /** As one process has it, on a log that may be shared. */
  async function open(options: Partial<WriteBehindOptions> & { readonly source?: ReturnType<typeof openSource>['source'] } = {}) {
    const { source: given, ...rest } = options
    const opened = openSource()
    const source = given ?? opened.source
    const name = options.name ?? newName()
    const log: WriteBehind = createWriteBehind(server.url, { ...patience, name, partitions: 2, worker: quick, ...rest })
    const cache: Cache = createCache({ namespace: name, l2: valkeyStore(server.url, { timeout: '2s' }), coherence: { maxStaleness: 300 } })
    ends.push(
      () => log.close({ drainMs: 0 }),
      () => cache.close({ drainMs: 0 }),
    )
    await warmUp(cache)
    const { load, loadMany } = source
    const rows = cache.resource({ key, load, loadMany, write: { mode: 'behind', log, store: source.store, remove: source.remove } })
    const cached = () => cache.get(rows.key({ id: 1 }), { exact: true })
    return { ...opened, source, name, log, cache, rows, cached, table: opened.rows }
  }

  test('is acknowledged by the log, cached at once, and in the source later', async () => {
    const a = await open()
    a.source.isDown = true
    expect(await a.rows.get({ id: 1 })).toEqual(old)
    expect(await a.rows.set({ id: 1 }, fresh)).toEqual({
      source: 'logged',
      sequence: expect.any(Number),
      durability: 'memory',
      cache: 'stored',
    })
    expect(await a.rows.get({ id: 1 })).toEqual(fresh)
    expect(a.source.load).toHaveBeenCalledOnce()
    expect(a.table.get('1')).toEqual(old)
    a.source.isDown = false
    expect(await a.log.drain()).toMatchObject({ isEmpty: true })
    expect(a.table.get('1')).toEqual(fresh)
    expect(await a.rows.remove({ id: 1 })).toMatchObject({ source: 'logged', cache: 'deleted' })
    expect(await a.rows.get({ id: 1 })).toBeNull()
    await a.log.drain()
    expect(a.table.has('1')).toBe(false)
  })

  test('is read from the log while it is pending, in any process, also when the cache has lost it', async () => {
    const a = await open()
    a.source.isDown = true
    const b = await open({ name: a.name, source: a.source, worker: false })
    expect(await b.rows.get({ id: 1 })).toEqual(old)
    await a.rows.setMany([
      [{ id: 1 }, fresh],
      [{ id: 2 }, newer],
    ])
    await expect.poll(() => b.rows.get({ id: 1 }), soon).toEqual(fresh)
    for (const { cache } of [a, b]) {
      await cache.clear()
      expect(await cache.get(a.rows.key({ id: 1 }))).toBeUndefined()
    }
    expect(await b.rows.get({ id: 1 })).toEqual(fresh)
    expect(await a.rows.getMany([{ id: 1 }, { id: 2 }, { id: 3 }], { forceFresh: true })).toEqual([fresh, newer, null])
    await a.rows.remove({ id: 1 })
    expect(await b.rows.get({ id: 1 }, { forceFresh: true })).toBeNull()
    expect(a.table.get('1')).toEqual(old)
  })

  test('is committed where storeMany returns what its query did, and no errors', async () => {
    const a = await open()
    const taken: unknown[] = []
    const storeMany = async (writes: readonly { readonly value: Row }[]) => {
      taken.push(...writes.map(({ value }) => value))
      return [{ affected: writes.length }] as never
    }
    const rows = a.cache.resource({ key: 'other:{id}', load: a.source.load, write: { mode: 'behind', log: a.log, storeMany } })
    await rows.set({ id: 1 }, fresh)
    await rows.setMany([
      [{ id: 2 }, fresh],
      [{ id: 3 }, newer],
    ])
    expect(await a.log.drain()).toMatchObject({ isEmpty: true })
    expect(taken).toHaveLength(3)
    expect(await a.log.stats()).toMatchObject({ settled: 3, retried: 0 })
  })

  test('is of one namespace: what is pending in another is not seen', async () => {
    const a = await open()
    a.source.isDown = true
    const b = await open({ name: a.name, worker: false })
    const other = b.cache.namespace('other').resource({ key, load: b.source.load, write: { mode: 'behind', log: b.log } })
    await a.rows.set({ id: 1 }, fresh)
    expect(await other.get({ id: 1 })).toEqual(old)
    await other.set({ id: 1 }, newer)
    expect(await other.get({ id: 1 }, { forceFresh: true })).toEqual(newer)
    expect(await a.rows.get({ id: 1 }, { forceFresh: true })).toEqual(fresh)
  })

  test('that is refused for good is cached no more', async () => {
    const a = await open({ worker: { ...quick, maxTries: 2 } })
    a.source.refuses = ({ name }) => name === 'new'
    await a.rows.set({ id: 1 }, fresh)
    expect(await a.rows.get({ id: 1 })).toEqual(fresh)
    const others = setInterval(() => void a.rows.set({ id: 2 }, newer).catch(() => undefined), 10)
    ends.push(() => clearInterval(others))
    await expect.poll(() => a.log.deadLetters.list(), soon).toMatchObject([{ name: key, params: { id: 1 }, change: { value: fresh } }])
    clearInterval(others)
    await expect.poll(a.cached, soon).toBeUndefined()
    await expect.poll(() => a.rows.get({ id: 1 }), soon).toEqual(old)
    a.source.refuses = () => false
    expect(await a.log.deadLetters.replayAll()).toBe(1)
    await expect.poll(() => a.rows.get({ id: 1 }), soon).toEqual(fresh)
  })

  test('a log that is full refuses, and the cache has what the source has', async () => {
    const a = await open({ partitions: 1, maxPending: 1 })
    a.source.isDown = true
    await a.rows.set({ id: 2 }, newer)
    expect(await a.rows.get({ id: 1 })).toEqual(old)
    await expect(a.rows.set({ id: 1 }, fresh)).rejects.toMatchObject({ code: 'TIERCEL_WRITES_FULL' })
    expect(await a.cached()).toBeUndefined()
    expect(await a.rows.get({ id: 1 })).toEqual(old)
    const results = await a.rows.setMany([[{ id: 1 }, fresh]], { partial: true })
    expect(results).toMatchObject([{ status: 'rejected', reason: { code: 'TIERCEL_WRITES_FULL' } }])
  })

  test('where the log does not answer, what it may hold is not passed over', async () => {
    const a = await open()
    await a.log.close()
    await expect(a.rows.get({ id: 1 })).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
    expect(a.source.load).not.toHaveBeenCalled()
  })

  test('may be declared again, and is refused where the name has another source', async () => {
    const a = await open()
    const write = { mode: 'behind', log: a.log, name: 'twice', store: a.source.store } as const
    const definition = { key: 'twice:{id}', load: a.source.load, write } as const
    const other = a.cache.namespace('x')
    expect(other.resource(definition).template).toBe(other.resource(definition).template)
    const conflict = { ...definition, key: 'thrice:{id}', write: { ...write, store: async () => undefined } } as const
    expect(() => other.resource(conflict)).toThrow(expect.objectContaining({ code: 'TIERCEL_TEMPLATE_CONFLICT' }))
  })
})
