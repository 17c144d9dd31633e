import type { LoggedWrite, WriteChange } from '../../cache/write-log.ts'
import { structuredCodec } from '../../codecs/structured.ts'
import { UsageError } from '../../kernel/errors.ts'
import type { NewRecord, StreamRecord } from '../../streams/record.ts'

/** What is between the name of a source and the path of a key; no name has one. */
const separator = ' '
/** The first byte of a body. */
const version = 1

export interface ReadWrite {
  readonly name: string
  readonly path: string
  readonly entryKey: string
  readonly params: Readonly<Record<string, unknown>>
  readonly change: WriteChange
}

type Fields = readonly [entryKey: string, params: Readonly<Record<string, unknown>>, value?: unknown]

export function keyOfWrite(name: string, path: string): string {
  return name + separator + path
}

export function nameIn(key: string): string {
  return key.slice(0, key.indexOf(separator))
}

/**
 * A write as a record, wire version 1: a byte `1`, then in the structured codec an array of the entry's key, the parameters, and the value unless it is removed.
 *
 * @throws {TIERCEL_UNSERIALIZABLE_VALUE}
 */
export function toRecord({ name, path, entryKey, params, change }: LoggedWrite): NewRecord {
  const fields: Fields = change.kind === 'store' ? [entryKey, params, change.value] : [entryKey, params]
  return { key: keyOfWrite(name, path), body: Buffer.concat([Buffer.of(version), Buffer.from(structuredCodec.encode(fields))]) }
}

/** @throws {TIERCEL_UNSUPPORTED} a version that this one does not know */
export function readRecord({ key, body }: Pick<StreamRecord, 'key' | 'body'>): ReadWrite {
  if (body[0] !== version) {
    const text = `A write has the format ${body[0]}, and this version reads ${version}. Upgrade the workers of a log before those who append to it.`
    throw new UsageError('TIERCEL_UNSUPPORTED', text, { key })
  }
  const fields = structuredCodec.decode(body.subarray(1)) as Fields
  const [entryKey, params] = fields
  const name = nameIn(key)
  const change: WriteChange = fields.length === 3 ? { kind: 'store', value: fields[2] } : { kind: 'remove' }
  return { name, path: key.slice(name.length + 1), entryKey, params, change }
}
