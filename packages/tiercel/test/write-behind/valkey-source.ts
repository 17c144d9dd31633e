import type { Redis } from 'ioredis'
import type { Source, SourceWrite, StoreManyResult } from '../../src/sources/source.ts'
import type { Params } from './memory-source.ts'

/** KEYS: none. ARGV: id, value, sequence. What was put over what was there is kept in its order; what came late or again is counted. */
const store = `
local found = tonumber(redis.call('HGET', 'source:sequences', ARGV[1]) or '0')
local given = tonumber(ARGV[3])
if given == found then return redis.call('INCR', 'source:again') end
if given < found then return redis.call('INCR', 'source:late') end
redis.call('HSET', 'source:sequences', ARGV[1], ARGV[3])
redis.call('RPUSH', 'source:applied:' .. ARGV[1], ARGV[2])
return 0`

export interface SourceFaults {
  /** How long it takes for a batch. */
  readonly takesMs: number
  /** Values that it refuses, with all that comes with them. */
  readonly refuses?: string
}

/** A source in a server of its own, which outlives whoever writes to it. */
export function valkeySource(admin: Redis, { takesMs, refuses }: SourceFaults): Source<Params, string> {
  return {
    checksSequences: true,
    async storeMany(writes: readonly SourceWrite<Params, string>[]): Promise<StoreManyResult> {
      if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs))
      const bad = writes.find(({ value }) => refuses !== undefined && value.includes(refuses))
      if (bad !== undefined) throw new Error(`refused: ${bad.value}`)
      const pipeline = admin.pipeline()
      for (const { params, value, sequence } of writes) pipeline.eval(store, 0, params.id, value, String(sequence))
      const failed = (await pipeline.exec())?.find(([error]) => error !== null)
      if (failed?.[0]) throw failed[0]
    },
  }
}

export interface SourceReport {
  /** By id: what was put over what was there, in order. */
  readonly applied: ReadonlyMap<number, readonly string[]>
  /** Writes that came a second time. */
  readonly again: number
  /** Writes that came after newer ones, and were left alone. */
  readonly late: number
}

export async function reportOf(admin: Redis, ids: number): Promise<SourceReport> {
  const lists = await Promise.all(Array.from({ length: ids }, (_, id) => admin.lrange(`source:applied:${id}`, 0, -1)))
  const [again, late] = await admin.mget('source:again', 'source:late')
  return { applied: new Map(lists.map((list, id) => [id, list])), again: Number(again ?? 0), late: Number(late ?? 0) }
}
