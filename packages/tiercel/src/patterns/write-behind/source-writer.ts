import type { WriteChange } from '../../cache/write-log.ts'
import type { Clock } from '../../kernel/clock.ts'
import { UsageError } from '../../kernel/errors.ts'
import { shuffled } from '../../kernel/shuffled.ts'
import type { SourceWrite } from '../../sources/source.ts'
import { storeOutcomes } from '../../sources/store-outcomes.ts'
import { bounded } from './bounded.ts'
import type { AnySource } from './options.ts'
import { type StoreFailure, storeTogether } from './store-together.ts'

export interface SequencedWrite {
  readonly params: Readonly<Record<string, unknown>>
  readonly change: WriteChange
  readonly sequence: number
}

export interface WriterLimits {
  readonly timeoutMs: number
  readonly clock: Clock
  readonly random: () => number
}

/** Of writes that a source takes one by one: how many at a time. */
const atATime = 8

/**
 * Writes to a source with whichever of its members there are.
 *
 * @param writes of different keys
 * @returns one per write, in their order
 */
export async function writeAll(
  source: AnySource,
  writes: readonly SequencedWrite[],
  { signal, limits }: { readonly signal: AbortSignal; readonly limits: WriterLimits },
): Promise<readonly StoreFailure[]> {
  const results: StoreFailure[] = new Array(writes.length)
  const places = shuffled(
    writes.map((write, at) => ({ write, at })),
    limits.random,
  )
  const isTogether = ({ change }: SequencedWrite): boolean => change.kind === 'store' && source.storeMany !== undefined
  const together = places.filter(({ write }) => isTogether(write))
  const found = await storeTogether(together, (some) =>
    storeSome(
      source,
      some.map(({ write }) => write),
      { signal, limits },
    ),
  )
  together.forEach(({ at }, index) => {
    results[at] = found[index]
  })
  const alone = places.filter(({ write }) => !isTogether(write))
  const next = async (): Promise<void> => {
    for (let place = alone.pop(); place !== undefined; place = alone.pop()) {
      results[place.at] = await writeOne(source, place.write, { signal, limits }).then(
        () => undefined,
        (error: unknown) => ({ error, wasAlone: true }),
      )
    }
  }
  await Promise.all(Array.from({ length: atATime }, next))
  return results
}

/** @throws what the source rejects with; {TIERCEL_UNSUPPORTED} it has no member for it */
export async function writeOne(
  source: AnySource,
  write: SequencedWrite,
  { signal, limits }: { readonly signal: AbortSignal; readonly limits: WriterLimits },
): Promise<void> {
  const { params, change, sequence } = write
  const bounds = { signal, timeoutMs: limits.timeoutMs, clock: limits.clock }
  if (change.kind === 'remove') {
    if (source.remove === undefined) throw new UsageError('TIERCEL_UNSUPPORTED', 'The source has no remove: values cannot be removed.')
    await bounded((signal) => source.remove?.(params, { signal, sequence }), bounds)
  } else if (source.store !== undefined) {
    await bounded((signal) => source.store?.(params, change.value, { signal, sequence }), bounds)
  } else {
    const [failed] = await storeSome(source, [write], { signal, limits })
    if (failed !== undefined) throw failed
  }
}

async function storeSome(
  source: AnySource,
  writes: readonly SequencedWrite[],
  { signal, limits }: { readonly signal: AbortSignal; readonly limits: WriterLimits },
): Promise<readonly (Error | undefined)[]> {
  if (source.storeMany === undefined) throw new UsageError('TIERCEL_UNSUPPORTED', 'The source has neither store nor storeMany.')
  const list: SourceWrite<Readonly<Record<string, unknown>>, unknown>[] = writes.map(({ params, change, sequence }) => ({
    params,
    value: change.kind === 'store' ? change.value : undefined,
    sequence,
  }))
  return storeOutcomes(await bounded((signal) => source.storeMany?.(list, { signal }), { signal, ...limits }), writes.length)
}
