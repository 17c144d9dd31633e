import { CamelCasePlugin } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { quoted } from '../../src/sources/identifier.ts'
import { newerOnly } from '../../src/sources/newer-only.ts'
import type { SourceWrite } from '../../src/sources/source.ts'
import type { SqlRow, SqlSourceOptions } from '../../src/sources/sql-mapping.ts'
import type { SqlSource } from '../../src/sources/sql-source.ts'
import { type SqlEngine, sqlEngines, sqlTypes, stopSharedDatabase, tableName } from './sql-engines.ts'

const { signal } = new AbortController()
const through = { signal, sequence: undefined }

function writesOf(rows: readonly SqlRow[], key: string, sequence?: number): SourceWrite<Record<string, string>, SqlRow>[] {
  return rows.map((row) => ({ params: { [key]: `${row[key]}` }, value: row, sequence }))
}

afterAll(stopSharedDatabase)

describe.each(sqlEngines)('$name', ({ name, open }) => {
  let engine: SqlEngine
  let table: string
  beforeAll(async () => {
    engine = await open()
  })
  beforeEach(() => {
    table = tableName()
  })
  afterAll(() => engine?.close())

  /** `text` and `moment` stand for the engine's own types. */
  async function create(columns: string): Promise<void> {
    const { text, moment } = sqlTypes[engine.dialect]
    await engine.run(`create table ${table} (${columns.replaceAll(/\btext\b/g, text).replaceAll(/\bmoment\b/g, moment)})`)
    engine.statements()
  }

  function sourceOf(options: Partial<SqlSourceOptions<SqlRow>> = {}): SqlSource<SqlRow> {
    return engine.sourceOf({ table, key: 'id', ...options })
  }

  const rows = (order = 'id'): Promise<readonly SqlRow[]> => engine.run(`select * from ${table} order by ${order}`)

  test('each call is one statement', async () => {
    await create('id text primary key, name text, write_sequence bigint, removed_at moment null')
    const source = sourceOf({ sequence: 'write_sequence', removedAt: 'removed_at' })
    const values = Array.from({ length: 50 }, (_, at) => ({ id: `${at}`, name: 'bolt' }))
    const calls = [
      () => source.storeMany(writesOf(values, 'id', 1), { signal }),
      () => source.store({ id: 0 }, { id: '0', name: 'nut' }, { signal, sequence: 2 }),
      () => source.loadMany(values, { signal }),
      () => source.load({ id: 0 }, { signal }),
      () => source.remove({ id: 0 }, { signal, sequence: 3 }),
    ]
    for (const call of calls) {
      await call()
      expect(engine.statements()).toHaveLength(1)
    }
    expect(await source.loadMany([], { signal })).toEqual([])
    expect(await source.storeMany([], { signal })).toBeUndefined()
    expect(engine.statements()).toEqual([])
  })

  test('a value is the whole row but sequence and removal, unless its columns are named', async () => {
    await create('id text primary key, name text, secret text, write_sequence bigint, removed_at moment null')
    const guarded = { sequence: 'write_sequence', removedAt: 'removed_at' }
    const value = { id: 'a', name: 'bolt', secret: 'x' }
    await sourceOf(guarded).store({ id: 'a' }, { ...value, write_sequence: 9, removed_at: 'never' }, { signal, sequence: 1 })
    expect(await sourceOf(guarded).load({ id: 'a' }, { signal })).toEqual(value)
    expect((await rows())[0]).toMatchObject({ removed_at: null })
    expect(Number((await rows())[0]?.['write_sequence'])).toBe(1)

    const named = sourceOf({ ...guarded, columns: ['name'] })
    expect(await named.load({ id: 'a' }, { signal })).toEqual({ name: 'bolt' })
    await named.store({ id: 'a' }, { name: 'nut', secret: 'y' }, { signal, sequence: 2 })
    expect(await sourceOf(guarded).load({ id: 'a' }, { signal })).toEqual({ id: 'a', name: 'nut', secret: 'x' })
  })

  test('columns that a value has not keep what they hold', async () => {
    await create('id text primary key, name text, color text')
    const source = sourceOf()
    await source.storeMany(
      writesOf(
        [
          { id: 'a', name: 'bolt', color: 'red' },
          { id: 'b', name: 'nut', color: 'red' },
        ],
        'id',
      ),
      { signal },
    )
    engine.statements()
    const partial = [
      { id: 'a', name: 'long bolt', color: undefined },
      { id: 'b', color: null },
      { id: 'c', name: 'new' },
    ]
    await source.storeMany(writesOf(partial, 'id'), { signal })
    expect(engine.statements()).toHaveLength(2)
    expect(await rows()).toEqual([
      { id: 'a', name: 'long bolt', color: 'red' },
      { id: 'b', name: 'nut', color: null },
      { id: 'c', name: 'new', color: null },
    ])
    await source.store({ id: 'd' }, { id: 'd' }, through)
    await source.store({ id: 'a' }, { id: 'a' }, through)
    expect(await source.loadMany([{ id: 'd' }, { id: 'a' }], { signal })).toEqual([
      { id: 'd', name: null, color: null },
      { id: 'a', name: 'long bolt', color: 'red' },
    ])
  })

  test('a key of several columns, with other names than its parameters', async () => {
    await create('origin text, flight_number integer, gate text, seq bigint, primary key (origin, flight_number)')
    const key = { origin: 'from', flight_number: 'number' }
    const source = engine.sourceOf<{ gate: string }>({ table, key, columns: ['gate'], sequence: 'seq' })
    const flights = ['HAM', 'MUC'].flatMap((from) =>
      [1, 2].map((number) => ({ params: { from, number }, value: { gate: `${from}${number}` }, sequence: 1 })),
    )
    await source.storeMany(flights, { signal })
    await source.remove({ from: 'MUC', number: 2 }, { signal, sequence: 2 })
    await source.store({ from: 'HAM', number: 1 }, { gate: 'late' }, { signal, sequence: 1 })
    const asked = [
      { from: 'MUC', number: 2 },
      { from: 'MUC', number: '1' },
      { from: 'HAM', number: 1 },
      { from: 'BER', number: 1 },
    ]
    expect(await source.loadMany(asked, { signal })).toEqual([null, { gate: 'MUC1' }, { gate: 'HAM1' }, null])
    expect(await source.load({ from: 'HAM', number: 2 }, { signal })).toEqual({ gate: 'HAM2' })
    const many = Array.from({ length: 1100 }, (_, number) => ({ from: 'HAM', number }))
    expect((await source.loadMany(many, { signal })).filter((value) => value !== null)).toHaveLength(2)
    await expect(source.load({ from: 'HAM' }, { signal })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
  })

  test('a row belongs to the text of its key alone', async () => {
    await create('id integer primary key, name text')
    const source = sourceOf()
    await source.store({ id: '7' }, { name: 'bolt' }, through)
    for (const id of ['07', '7.0', ' 7', '7x', '+7'])
      expect([id, await source.load({ id }, { signal }).catch(() => null)]).toEqual([id, null])
    const loaded = await source.loadMany([{ id: 'seven' }, { id: 7 }, { id: '07' }, { id: 8 }], { signal })
    expect(loaded.slice(1)).toEqual([{ id: 7, name: 'bolt' }, null, null])
    expect([loaded[0]].filter((value) => !(value instanceof Error) && value !== null)).toEqual([])
  })

  test('where a key is no text in this process, the database tells whose a row is', async () => {
    await create('day date primary key, name text')
    const source = engine.sourceOf<{ name: string }>({ table, key: 'day', columns: ['name'] })
    await source.store({ day: '2026-01-02' }, { name: 'second' }, through)
    await source.store({ day: '2026-01-03' }, { name: 'third' }, through)
    const days = ['2026-01-03', '2026-01-04', '2026-01-02'].map((day) => ({ day }))
    expect(await source.loadMany(days, { signal })).toEqual([{ name: 'third' }, null, { name: 'second' }])
    expect(await source.load({ day: '2026-01-02' }, { signal })).toEqual({ name: 'second' })
  })

  test('names are names', async () => {
    const odd = `o"d\`d' ; drop table ${table} -- $1 ? :x`
    const name = (column: string): string => quoted(column, engine.dialect)
    await create(`${name('select')} text primary key, ${name(odd)} text, ${name('Order')} bigint, ${name("re'moved")} moment null`)
    const source = sourceOf({ key: 'select', columns: ['select', odd], sequence: 'Order', removedAt: "re'moved" })
    const value = { select: 'a', [odd]: 'bolt' }
    await source.store({ select: 'a' }, value, { signal, sequence: 1 })
    expect(await source.load({ select: 'a' }, { signal })).toEqual(value)
    await source.remove({ select: 'a' }, { signal, sequence: 2 })
    expect(await source.load({ select: 'a' }, { signal })).toBeNull()
    await sourceOf({ key: 'select', sequence: 'Order' }).remove({ select: 'a' }, { signal, sequence: 3 })
    expect(await engine.run(`select * from ${table}`)).toEqual([])
  })

  test('a column that a value invents is an error of the database, or none of ours', async () => {
    await create('id text primary key, name text')
    const invented = { id: 'a', 'name) values (1); --': 'x' }
    await expect(sourceOf().store({ id: 'a' }, invented, through)).rejects.toThrow(/column/i)
    for (const column of ['', 'a.b', 'x as y', 'nul\0', ' name']) {
      await expect(sourceOf().store({ id: 'a' }, { [column]: 'x' }, through)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_ROW' })
    }
    expect(await rows()).toEqual([])
  })

  test('a value that can be no row fails alone', async () => {
    await create('id text primary key, name text')
    const source = sourceOf()
    const values: unknown[] = [{ name: 'a' }, null, 'text', [], { id: 'other', name: 'e' }, { id: 'f', name: 'f' }]
    const writes = values.map((value, at) => ({ params: { id: 'abcdef'[at] ?? '' }, value: value as SqlRow, sequence: undefined }))
    const results = (await source.storeMany(writes, { signal })) ?? []
    expect(results.map((result) => (result as { code?: string } | undefined)?.code)).toEqual([
      undefined,
      ...Array.from({ length: 4 }, () => 'TIERCEL_INVALID_ROW'),
      undefined,
    ])
    expect(await rows()).toEqual([
      { id: 'a', name: 'a' },
      { id: 'f', name: 'f' },
    ])
  })

  test('a statement that fails rejects with the error of the driver', async () => {
    await create('id text primary key, name text not null')
    const source = sourceOf()
    const failing = writesOf(
      [
        { id: 'a', name: 'a' },
        { id: 'b', name: null },
      ],
      'id',
    )
    await expect(source.storeMany(failing, { signal })).rejects.not.toHaveProperty('operation')
    await expect(source.store({ id: 'b' }, { name: null }, through)).rejects.toThrow(/null/i)
    expect(await rows()).toEqual([])
  })

  test('hooks make rows of values, and values of rows', async () => {
    await create('id text primary key, body text, write_sequence bigint')
    interface Order {
      readonly number: string
      readonly lines: readonly number[]
    }
    const source = engine.sourceOf<Order>({
      table,
      key: { id: 'number' },
      columns: ['body'],
      sequence: 'write_sequence',
      toRow: ({ lines }) => ({ body: JSON.stringify(lines), ignored: true }),
      fromRow: ({ body, ...rest }, { number }) => ({ number: `${number}`, lines: JSON.parse(`${body}`), ...rest }),
    })
    const order = { number: 'n1', lines: [1, 2] }
    await source.store({ number: 'n1' }, order, { signal, sequence: 1 })
    expect(await source.load({ number: 'n1' }, { signal })).toEqual(order)
  })

  test('a removal fills columns that may not be empty', async () => {
    await create('id text primary key, name text not null, seq bigint, removed_at moment null')
    const options = { sequence: 'seq', removedAt: 'removed_at' }
    await expect(sourceOf(options).remove({ id: 'a' }, { signal, sequence: 2 })).rejects.toThrow()
    const source = sourceOf({ ...options, removedRow: () => ({ name: '' }) })
    await source.remove({ id: 'a' }, { signal, sequence: 2 })
    await source.store({ id: 'a' }, { name: 'old' }, { signal, sequence: 1 })
    await source.store({ id: 'b' }, { name: 'b' }, { signal, sequence: 1 })
    await source.remove({ id: 'b' }, { signal, sequence: 2 })
    expect(await source.loadMany([{ id: 'a' }, { id: 'b' }], { signal })).toEqual([null, null])
    expect((await rows()).map((row) => row['name'])).toEqual(['', 'b'])
    expect((await rows()).every((row) => row['removed_at'] !== null)).toBe(true)
  })

  test('a sequence that has a default may be without NULL', async () => {
    await create('id text primary key, name text, seq bigint not null default 0')
    const source = sourceOf({ sequence: 'seq' })
    await source.store({ id: 'a' }, { name: 'through' }, through)
    await source.store({ id: 'a' }, { name: 'first' }, { signal, sequence: 1 })
    expect(await source.load({ id: 'a' }, { signal })).toEqual({ id: 'a', name: 'first' })
  })

  test('more parameters than a statement takes are several statements', async () => {
    const columns = Array.from({ length: 99 }, (_, at) => `c${at}`)
    await create(`id text primary key, ${columns.map((column) => `${column} integer`).join(', ')}`)
    const values = Array.from({ length: 700 }, (_, at) => ({ id: `${at}`, ...Object.fromEntries(columns.map((column) => [column, at])) }))
    await sourceOf().storeMany(writesOf(values, 'id'), { signal })
    expect(engine.statements()).toHaveLength(engine.dialect === 'sqlite' ? 3 : 2)
    const [counted] = await engine.run(`select count(*) as n, sum(c98) as s from ${table}`)
    expect([Number(counted?.['n']), Number(counted?.['s'])]).toEqual([700, (700 * 699) / 2])
  })

  test('newerOnly ends a statement that is written by hand', async () => {
    await create('id integer primary key, name text, seq bigint')
    const end = newerOnly({ dialect: engine.dialect, table, key: 'id', columns: ['name'], sequence: 'seq' })
    const insert = (name: string, seq: number | null): Promise<unknown> =>
      engine.run(`insert into ${table} (id, name, seq) values (1, '${name}', ${seq}) ${end}`)
    const seen: unknown[] = []
    for (const [name, seq] of [
      ['none', null],
      ['second', 2],
      ['first', 1],
      ['again', 2],
      ['third', 3],
    ] as const) {
      await insert(name, seq)
      seen.push((await rows())[0]?.['name'])
    }
    expect(seen).toEqual(['none', 'second', 'second', 'second', 'third'])
    expect(Number((await rows())[0]?.['seq'])).toBe(3)
  })

  if (name.includes('MariaDB')) {
    test('what its driver would write as a part of the statement is refused', async () => {
      await create('id text primary key, name text')
      for (const cell of [{ id: 'x' }, ['x'], new Map()]) {
        await expect(sourceOf().store({ id: 'a' }, { name: cell }, through)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_ROW' })
      }
      await sourceOf().store({ id: 'a' }, { name: new TextEncoder().encode('bytes') }, through)
      expect(await rows()).toEqual([{ id: 'a', name: 'bytes' }])
    })
  }

  if (name.startsWith('kysely')) {
    test("kysely's plugins see its names", async () => {
      await create('product_id text primary key, unit_price integer, write_sequence bigint, removed_at moment null')
      const options = { table, key: { productId: 'id' }, sequence: 'writeSequence', removedAt: 'removedAt' }
      const source = engine.sourceOf<SqlRow>(options, [new CamelCasePlugin()])
      await source.store({ id: 'a' }, { unitPrice: 5 }, { signal, sequence: 2 })
      await source.store({ id: 'a' }, { unitPrice: 4 }, { signal, sequence: 1 })
      expect(await source.loadMany([{ id: 'a' }, { id: 'b' }], { signal })).toEqual([{ productId: 'a', unitPrice: 5 }, null])
    })
  }
})
