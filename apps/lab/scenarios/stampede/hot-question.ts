import type { Lab } from '../lab.ts'

const days = 14

/** The one question that everybody asks: two weeks, which is work enough for a herd to gather, and little enough for it to get through. */
export function hotQuestion({ airport }: Lab): { sql: string; values: readonly (string | number)[] } {
  const query = airport.queries.busiest
  const all = Array.from({ length: query.distinct }, (_, rank) => query.valuesOf(rank))
  return { sql: query.sql, values: all.find((values) => values[1] === days) ?? query.valuesOf(0) }
}
