import type { Source, SourceParams, WriteContext } from '../../src/sources/source.ts'

interface Held<T> {
  readonly value: T | null
  readonly sequence: number
}

/** The contract in a few lines: what the others are held against. It has `load`, `store` and `remove` only. */
export function memorySource<T>(): Source<SourceParams, T | null> {
  const rows = new Map<string, Held<T>>()
  const keyOf = (params: SourceParams): string => JSON.stringify(Object.entries(params).map(([name, value]) => [name, `${value}`]))
  const write = (params: SourceParams, value: T | null, { sequence, signal }: WriteContext): void => {
    signal.throwIfAborted()
    const before = rows.get(keyOf(params))?.sequence ?? 0
    if (sequence === undefined || sequence > before) rows.set(keyOf(params), { value, sequence: sequence ?? before })
  }
  return {
    checksSequences: true,
    load: (params) => rows.get(keyOf(params))?.value ?? null,
    store: write,
    remove: (params, context) => write(params, null, context),
  }
}
