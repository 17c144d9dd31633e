import { afterAll, describe, expect, test } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { closedAfterEach } from '../cache/owned.ts'
import { sqlEngines, sqlTypes, stopSharedDatabase, tableName } from './sql-engines.ts'

interface Product {
  readonly id: string
  readonly name: string
}

const owned = closedAfterEach()
afterAll(stopSharedDatabase)

describe.each(sqlEngines)('a resource over $name', ({ open }) => {
  test('reads, writes and removes rows', async () => {
    const engine = await open()
    const table = tableName()
    const { text, moment } = sqlTypes[engine.dialect]
    await engine.run(
      `create table ${table} (id ${text} primary key, name ${text}, write_sequence bigint, removed_at ${moment} null default null)`,
    )
    const options = { table, key: 'id', columns: ['id', 'name'], sequence: 'write_sequence', removedAt: 'removed_at' }
    const source = engine.sourceOf<Product>(options)
    expect(source.checksSequences).toBe(true)
    const cache = owned(createCache())
    const products = cache.resource({ key: 'product:{id}', source, write: { mode: 'through' } })
    const row = (id: string, name = 'bolt'): Product => ({ id, name })

    expect(await products.get({ id: 'a' })).toBeNull()
    expect(await products.set({ id: 'a' }, row('a'))).toMatchObject({ source: 'committed', cache: 'stored' })
    await products.setMany([
      [{ id: 'b' }, row('b')],
      [{ id: 'c' }, row('c', 'nut')],
    ])
    engine.statements()
    expect(await products.getMany([{ id: 'a' }, { id: 'b' }, { id: 'c' }])).toEqual([row('a'), row('b'), row('c', 'nut')])
    expect(engine.statements()).toEqual([])
    await cache.clear()
    expect(await products.getMany([{ id: 'c' }, { id: 'x' }, { id: 'a' }])).toEqual([row('c', 'nut'), null, row('a')])
    expect(engine.statements()).toHaveLength(1)
    await products.remove({ id: 'a' })
    expect([await products.get({ id: 'a' }), await source.load({ id: 'a' }, new AbortController())]).toEqual([null, null])
    await engine.run(`drop table ${table}`)
    await engine.close()
  })
})
