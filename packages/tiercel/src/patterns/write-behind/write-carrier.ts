import { StoreError } from '../../kernel/errors.ts'
import { show } from '../../kernel/show.ts'
import type { StreamRecord } from '../../streams/record.ts'
import type { CarryFailure, StreamHandler } from '../../streams/stream-handler.ts'
import type { SourceNames } from './source-names.ts'
import { type SequencedWrite, type WriterLimits, writeAll } from './source-writer.ts'
import type { StoreFailure } from './store-together.ts'
import { entryKeyIn, nameIn, readRecord } from './write-body.ts'

/** Carries records of writes to the sources that they name. */
export class WriteCarrier implements StreamHandler {
  readonly #names: SourceNames
  readonly #limits: WriterLimits
  readonly #deleteEntry: (entryKey: string) => Promise<void>

  constructor(names: SourceNames, limits: WriterLimits, deleteEntry: (entryKey: string) => Promise<void>) {
    this.#names = names
    this.#limits = limits
    this.#deleteEntry = deleteEntry
  }

  async carry(records: readonly StreamRecord[], signal: AbortSignal): Promise<readonly (CarryFailure | undefined)[]> {
    const results: (CarryFailure | undefined)[] = new Array(records.length)
    const places = new Map<string, number[]>()
    records.forEach((record, at) => {
      const name = this.groupOf(record)
      const list = places.get(name)
      if (list === undefined) places.set(name, [at])
      else list.push(at)
    })
    const carryOf = async (name: string, own: readonly number[]): Promise<void> => {
      const failures = await this.#write(
        name,
        own.map((at) => records[at] as StreamRecord),
        signal,
      )
      own.forEach((at, index) => {
        results[at] = failures[index]
      })
    }
    await Promise.all(Array.from(places, ([name, own]) => carryOf(name, own)))
    return results
  }

  groupOf({ key }: StreamRecord): string {
    return nameIn(key)
  }

  buried(record: StreamRecord): Promise<void> {
    return this.#deleteEntry(entryKeyIn(record.key))
  }

  async #write(name: string, records: readonly StreamRecord[], signal: AbortSignal): Promise<readonly (CarryFailure | undefined)[]> {
    const source = this.#names.get(name)
    if (source === undefined) {
      const error = new StoreError(
        'TIERCEL_UNSUPPORTED',
        `This worker knows no source for ${show(name)}. All workers of a log know all its sources.`,
      )
      return records.map(() => ({ error, mayCount: false }))
    }
    const read = records.map(readOrError)
    const readable = read.filter((each): each is SequencedWrite => !(each instanceof Error))
    const told = [...(await writeAll(source, readable, { signal, limits: this.#limits }))]
    return read.map((each) => (each instanceof Error ? { error: each, mayCount: true } : failureOf(told.shift())))
  }
}

/** What cannot be read is the record's own fault. */
function readOrError(record: StreamRecord): SequencedWrite | Error {
  try {
    const { params, change } = readRecord(record)
    return { params, change, sequence: record.sequence }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function failureOf(failure: StoreFailure): CarryFailure | undefined {
  return failure && { error: failure.error, mayCount: failure.wasAlone }
}
