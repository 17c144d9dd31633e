import { UsageError } from '../kernel/errors.ts'

/**
 * What `storeMany` said of its writes, one per write. A list that holds errors says which failed; whatever else a query returns says that all are committed.
 *
 * @throws {TIERCEL_INVALID_BATCH} there are errors in it, and nobody can tell whose
 */
export function storeOutcomes(returned: unknown, count: number): readonly (Error | undefined)[] {
  const hasErrors = Array.isArray(returned) && returned.some((each) => each instanceof Error)
  if (!hasErrors) return new Array<undefined>(count).fill(undefined)
  if (returned.length === count) return returned.map((each: unknown) => (each instanceof Error ? each : undefined))
  const text = `storeMany was called for ${count} writes and returned ${returned.length} outcomes. Return one per write, in their order: its error, or undefined.`
  throw new UsageError('TIERCEL_INVALID_BATCH', text)
}
