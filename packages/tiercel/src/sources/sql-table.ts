import type { SqlRow } from './sql-mapping.ts'

/**
 * What a source asks of a database: the statements of one table. Names in rows were checked, and values are bound by the implementer, never written into
 * the text. What rejects is handed on as it is.
 */
export interface SqlTable {
  /** How many keys one `read` may have. */
  readonly maxKeys: number
  /** How many parameters one statement may have. */
  readonly maxParameters: number
  /** The rows with these keys, in any order, with the columns of a value and of the key, without those that were removed. */
  read(keys: readonly Readonly<Record<string, string>>[]): Promise<readonly SqlRow[]>
  /**
   * Called for each row of a value before it is handed to `upsert`.
   * @throws {TIERCEL_INVALID_ROW} the driver must not be given one of its cells
   */
  checkRow?(row: SqlRow): void
  /**
   * One statement. Rows have the same columns; where one is there already, `changed` are written over; if `isGuarded`, only by a larger sequence, and with it.
   */
  upsert(rows: readonly SqlRow[], changed: readonly string[], isGuarded: boolean): Promise<void>
  /** Deletes the row, if there is one; with a sequence, if its own is smaller or NULL. */
  remove(key: Readonly<Record<string, string>>, sequence: number | undefined): Promise<void>
  /** A moment as the column of removals takes it. */
  moment(now: Date): unknown
}
