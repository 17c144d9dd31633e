import type { QueryId } from '../airport/queries.ts'

/** What a scenario may use: servers that run on this machine, each of them real. */
export interface Lab {
  readonly valkey: ValkeyServer
  readonly airport: AirportDatabase
}

export interface ValkeyServer {
  readonly url: string
  /** Such as `Valkey 9.1.2`. */
  readonly label: string
}

export interface AirportDatabase {
  /** Such as `PostgreSQL 18.6, embedded, single-connection database`. */
  readonly label: string
  /** Whether it answers one query at a time, so that callers wait in line. */
  readonly isSingleConnection: boolean
  readonly queries: Readonly<Record<QueryId, AirportQuery>>
  query(sql: string, values: readonly unknown[]): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>
  /** The plan as text, with what was really done: EXPLAIN (ANALYZE, BUFFERS). */
  explain(id: QueryId, values: readonly (string | number)[]): Promise<string>
}

export interface AirportQuery {
  readonly id: QueryId
  readonly title: string
  /** What it answers, in one sentence. */
  readonly answers: string
  readonly sql: string
  /** How many different sets of values there are. */
  readonly distinct: number
  /** Values of popularity rank 0 to `distinct - 1`. Neighbouring ranks lie far apart in the table. */
  valuesOf(rank: number): readonly (string | number)[]
}
