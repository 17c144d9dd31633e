import { TiercelError } from '../kernel/errors.ts'
import type { SourceContext, SourceParams, SourceWrite, StoreManyResult, WriteContext } from './source.ts'
import { loadRows } from './sql-load.ts'
import type { SqlMapping, SqlRow } from './sql-mapping.ts'
import { keyRow, keyText, removalRow, valueRow } from './sql-rows.ts'
import type { SqlTable } from './sql-table.ts'

/** A `Source` of rows that may be missing, with all its members. */
export interface SqlSource<T, Params = SourceParams> {
  /** Where it keeps sequences, also of what was removed. */
  readonly checksSequences: boolean
  load(params: Params, context: SourceContext): Promise<T | null>
  loadMany(list: readonly Params[], context: SourceContext): Promise<readonly (T | null | Error)[]>
  store(params: Params, value: T, context: WriteContext): Promise<void>
  storeMany(writes: readonly SourceWrite<Params, T>[], context: SourceContext): Promise<StoreManyResult>
  remove(params: Params, context: WriteContext): Promise<void>
}

/** The contract, over the statements of one table. */
export function sqlSource<T, Params>(mapping: SqlMapping<T, Params>, table: SqlTable): SqlSource<T, Params> {
  const { sequence: sequenceColumn, removedAt } = mapping

  async function loadMany(list: readonly Params[], { signal }: SourceContext): Promise<readonly (T | null | Error)[]> {
    return loadRows(mapping, table, list, signal)
  }

  /** All committed, but for the values that can be no rows; or none of those in the statement that failed, which rejects. */
  async function storeMany(writes: readonly SourceWrite<Params, T>[], { signal }: SourceContext): Promise<StoreManyResult> {
    const rows = writes.map((write) => storedRow(write))
    for (const group of groupsOf(rows.filter(isRow))) {
      for (const part of chunked(group.rows, Math.floor(table.maxParameters / group.columns.length))) {
        signal.throwIfAborted()
        await table.upsert(part, group.changed, group.isGuarded)
      }
    }
    return rows.some((row) => row instanceof Error) ? rows.map((row) => (row instanceof Error ? row : undefined)) : undefined
  }

  async function remove(params: Params, { signal, sequence }: WriteContext): Promise<void> {
    signal.throwIfAborted()
    if (removedAt === undefined) return table.remove(keyRow(mapping, params), sequenceColumn === undefined ? undefined : sequence)
    const row = { ...removalRow(mapping, params), [removedAt]: table.moment(new Date()), ...sequenced(sequence) }
    return table.upsert([row], [removedAt], isGuarded(sequence))
  }

  function storedRow({ params, value, sequence }: SourceWrite<Params, T>): SqlRow | Error {
    try {
      const row = valueRow(mapping, params, value)
      table.checkRow?.(row)
      return { ...row, ...(removedAt !== undefined && { [removedAt]: null }), ...sequenced(sequence) }
    } catch (error) {
      if (TiercelError.is(error)) return error
      throw error
    }
  }

  /** Without a sequence the column is left out: what is there stays, and a new row gets its default. */
  function sequenced(sequence: number | undefined): SqlRow {
    return sequenceColumn === undefined || sequence === undefined ? {} : { [sequenceColumn]: sequence }
  }

  function isGuarded(sequence: unknown): boolean {
    return sequenceColumn !== undefined && sequence !== undefined
  }

  /** Rows of one statement have the same columns. In order of their keys, so that two writers of the same rows do not wait for each other in a circle. */
  function groupsOf(rows: readonly SqlRow[]): Iterable<RowGroup> {
    const groups = new Map<string, RowGroup & { readonly rows: SqlRow[] }>()
    for (const row of sortedByKey(rows)) {
      const columns = Object.keys(row).sort()
      const name = JSON.stringify(columns)
      const group = groups.get(name)
      if (group !== undefined) group.rows.push(row)
      else groups.set(name, { columns, changed: columns.filter(isChanged), isGuarded: isGuarded(row[sequenceColumn ?? '']), rows: [row] })
    }
    return groups.values()
  }

  function isChanged(column: string): boolean {
    return column !== sequenceColumn && !mapping.keyColumns.includes(column)
  }

  function sortedByKey(rows: readonly SqlRow[]): SqlRow[] {
    const keyed = rows.map((row) => [keyText(mapping.keyColumns, row) ?? '', row] as const)
    return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  }

  return {
    // Where a removal leaves nothing behind, an older store that comes after it finds nothing newer.
    checksSequences: sequenceColumn !== undefined && removedAt !== undefined,
    async load(params, context) {
      const [loaded] = await loadMany([params], context)
      if (loaded instanceof Error) throw loaded
      return loaded as T | null
    },
    loadMany,
    async store(params, value, { signal, sequence }) {
      const [failed] = (await storeMany([{ params, value, sequence }], { signal })) ?? []
      if (failed !== undefined) throw failed
    },
    storeMany,
    remove,
  }
}

function isRow(row: SqlRow | Error): row is SqlRow {
  return !(row instanceof Error)
}

interface RowGroup {
  readonly columns: readonly string[]
  readonly changed: readonly string[]
  readonly isGuarded: boolean
  readonly rows: readonly SqlRow[]
}

function* chunked<Item>(list: readonly Item[], size: number): Generator<readonly Item[]> {
  const step = Math.max(1, size)
  for (let at = 0; at < list.length; at += step) yield list.slice(at, at + step)
}
