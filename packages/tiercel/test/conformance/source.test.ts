import { afterAll, beforeAll, describe } from 'vitest'
import { fetchSource } from '../../src/sources/fetch.ts'
import { memorySource } from '../sources/memory-source.ts'
import { startProductService } from '../sources/product-service.ts'
import { type SqlEngine, sqlEngines, sqlTypes, stopSharedDatabase, tableName } from '../sources/sql-engines.ts'
import { type OpenedSource, type Part, sourceSuite } from './source.suite.ts'

afterAll(stopSharedDatabase)

sourceSuite('memory', async () => ({ source: memorySource<Part>(), close: async () => undefined }))

describe.each(sqlEngines)('$name', ({ open }) => {
  let engine: SqlEngine
  beforeAll(async () => {
    engine = await open()
  })
  afterAll(() => engine?.close())

  sourceSuite('removals are kept', () => openTable(engine, { removedAt: 'removed_at' }))
  sourceSuite('removals delete', () => openTable(engine, {}), ['removals'])
})

sourceSuite('fetch', async () => {
  const service = await startProductService()
  const source = fetchSource<Part>({
    url: `${service.url}parts/{id}`,
    headers: ({ sequence }) => (sequence === undefined ? {} : { 'x-sequence': `${sequence}` }),
  })
  return { source, close: () => service.close() }
})

async function openTable(engine: SqlEngine, removal: { readonly removedAt?: string }): Promise<OpenedSource> {
  const table = tableName()
  const { text, moment } = sqlTypes[engine.dialect]
  await engine.run(
    `create table ${table} (id ${text} primary key, name ${text}, stock integer, write_sequence bigint, removed_at ${moment} null default null)`,
  )
  const columns = ['id', 'name', 'stock']
  return {
    source: engine.sourceOf<Part>({ table, key: 'id', columns, sequence: 'write_sequence', ...removal }),
    async close() {
      await engine.run(`drop table ${table}`)
    },
  }
}
