import type { Source, SourceWrite } from '../sources/source.ts'
import { storeOutcomes } from '../sources/store-outcomes.ts'
import type { LoggedParams, WriteLog } from './write-log.ts'
import type { Committed } from './write-source.ts'

/** How the writes of a resource reach their source. */
export interface Writer {
  /** One result per write, in their order. No key is there twice. */
  store(writes: readonly KeyWrite[], signal: AbortSignal): Promise<readonly PromiseSettledResult<Committed>[]>
  remove(write: KeyRemoval, signal: AbortSignal): Promise<Committed>
}

export interface KeyRemoval {
  readonly params: LoggedParams
  /** Of its entry on the server. */
  readonly entryKey: string
}

export interface KeyWrite extends KeyRemoval {
  readonly value: unknown
}

type Sink = Pick<Source<LoggedParams, unknown>, 'store' | 'storeMany' | 'remove'>

const committed: Committed = { source: 'committed', sequence: undefined, durability: 'source' }

/** The caller waits for the source. */
export function throughWriter(sink: Sink, batchSize: number): Writer {
  return {
    async store(writes, signal) {
      if (sink.storeMany === undefined || (writes.length === 1 && sink.store !== undefined)) {
        return Promise.allSettled(writes.map((write) => storeOne(sink, write, signal)))
      }
      const results: PromiseSettledResult<Committed>[] = []
      for (let from = 0; from < writes.length; from += batchSize) {
        results.push(...(await storeBatch(sink, writes.slice(from, from + batchSize), signal)))
      }
      return results
    },
    async remove({ params }, signal) {
      await sink.remove?.(params, { sequence: undefined, signal })
      return committed
    },
  }
}

/** The caller waits for the log. */
export function behindWriter(log: WriteLog, name: string): Writer {
  return {
    store: (writes) =>
      Promise.allSettled(
        writes.map(({ params, entryKey, value }) => log.append({ name, key: entryKey, params, change: { kind: 'store', value } })),
      ),
    remove: ({ params, entryKey }) => log.append({ name, key: entryKey, params, change: { kind: 'remove' } }),
  }
}

async function storeOne(sink: Sink, { params, value }: KeyWrite, signal: AbortSignal): Promise<Committed> {
  await sink.store?.(params, value, { sequence: undefined, signal })
  return committed
}

async function storeBatch(sink: Sink, writes: readonly KeyWrite[], signal: AbortSignal): Promise<PromiseSettledResult<Committed>[]> {
  const list = writes.map(({ params, value }): SourceWrite<LoggedParams, unknown> => ({ params, value, sequence: undefined }))
  try {
    const outcomes = storeOutcomes(await sink.storeMany?.(list, { signal }), writes.length)
    return outcomes.map((error) =>
      error === undefined ? { status: 'fulfilled', value: committed } : { status: 'rejected', reason: error },
    )
  } catch (reason) {
    return writes.map(() => ({ status: 'rejected', reason }))
  }
}
