/**
 * What is needed of a `Kysely`, or a `Transaction` of one, of kysely 0.28. What its methods return depends on the schema of the database,
 * which is nothing to us.
 */
export interface KyselyLike {
  selectFrom(table: never): unknown
  insertInto(table: never): unknown
  deleteFrom(table: never): unknown
}

/** The same, as it is called: by names that were checked when the source was made. */
export interface KyselyTables {
  selectFrom(table: string): Select
  insertInto(table: string): { values(rows: readonly object[]): Insert }
  deleteFrom(table: string): Filtered
}

export interface Select extends Filtered {
  selectAll(): Select
  select(columns: readonly string[]): Select
  where(column: string, operator: string, value: unknown): Select
  where(condition: (build: Build) => Expression): Select
}

export interface Filtered {
  where(column: string, operator: string, value: unknown): Filtered
  where(condition: (build: Build) => Expression): Filtered
  execute(): Promise<readonly object[]>
}

export interface Insert {
  onConflict(clause: (conflict: OnConflict) => unknown): Insert
  onDuplicateKeyUpdate(changes: (build: Build) => Readonly<Record<string, Expression>>): Insert
  execute(): Promise<unknown>
}

export interface OnConflict {
  columns(columns: readonly string[]): {
    doNothing(): unknown
    doUpdateSet(changes: (build: Build) => Readonly<Record<string, Expression>>): {
      where(condition: (build: Build) => Expression): unknown
    }
  }
}

/** The expression builder. */
export interface Build {
  (left: Expression, operator: string, right: unknown): Expression
  ref(column: string): Expression
  fn(name: string, operands: readonly Expression[]): Expression
  and(parts: readonly Expression[]): Expression
  or(parts: readonly Expression[]): Expression
}

export interface Expression {
  toOperationNode(): unknown
}
