import type { LoggedParams, LoggedWrite, WriteChange } from '../../cache/write-log.ts'
import { structuredCodec } from '../../codecs/structured.ts'
import { UsageError } from '../../kernel/errors.ts'
import type { NewRecord, StreamRecord } from '../../streams/record.ts'

/** What is between the name of a source and the key of an entry; no name has one. */
const separator = ' '
/** The first byte of a body. */
const version = 1

export interface ReadWrite {
  readonly name: string
  /** Of the entry. */
  readonly key: string
  readonly params: LoggedParams
  readonly change: WriteChange
}

type Fields = readonly [params: LoggedParams, value?: unknown]

export function keyOfWrite(name: string, key: string): string {
  return name + separator + key
}

export function nameIn(recordKey: string): string {
  return recordKey.slice(0, recordKey.indexOf(separator))
}

export function entryKeyIn(recordKey: string): string {
  return recordKey.slice(recordKey.indexOf(separator) + 1)
}

/**
 * A write as a record, wire version 1: a byte `1`, then in the structured codec an array of the parameters, and the value unless it is removed.
 *
 * @throws {TIERCEL_UNSERIALIZABLE_VALUE}
 */
export function toRecord({ name, key, params, change }: LoggedWrite): NewRecord {
  const fields: Fields = change.kind === 'store' ? [params, change.value] : [params]
  return { key: keyOfWrite(name, key), body: Buffer.concat([Buffer.of(version), Buffer.from(structuredCodec.encode(fields))]) }
}

/** @throws {TIERCEL_UNSUPPORTED} a version that this one does not know */
export function readRecord({ key, body }: Pick<StreamRecord, 'key' | 'body'>): ReadWrite {
  if (body[0] !== version) {
    const text = `A write has the format ${body[0]}, and this version reads ${version}. Upgrade the workers of a log before those who append to it.`
    throw new UsageError('TIERCEL_UNSUPPORTED', text, { key })
  }
  const fields = structuredCodec.decode(body.subarray(1)) as Fields
  const [params] = fields
  const change: WriteChange = fields.length === 2 ? { kind: 'store', value: fields[1] } : { kind: 'remove' }
  return { name: nameIn(key), key: entryKeyIn(key), params, change }
}
