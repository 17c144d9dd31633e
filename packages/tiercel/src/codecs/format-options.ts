import { type ByteSize, sizeBytes } from '../kernel/byte-size.ts'
import { UsageError } from '../kernel/errors.ts'
import { oneOf } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { type Codec, codecIds, firstForeignId } from './codec.ts'
import { type Compression, compressionIds } from './compression.ts'
import { EnvelopeFormat } from './envelope-format.ts'
import type { ValueFormat } from './format.ts'
import type { ValueSharing } from './holding.ts'
import { jsonCodec } from './json.ts'
import { PlainFormat } from './plain-format.ts'
import type { Seal } from './seal.ts'

/** How values are stored. Everything that these options take comes from `tiercel/codecs`, or is your own. */
export interface FormatOptions {
  /**
   * Turns values into bytes. A list: the first writes, all read, so that a codec can be changed while entries of the old one are still
   * there. An entry of a codec that is not here is a miss. Default: JSON, which refuses what it cannot bring back.
   */
  readonly codec?: Codec | readonly Codec[]
  /** Makes larger values smaller in L2, such as `brotli()`. A list: the first writes, all read. Default: none. */
  readonly compression?: Compression | readonly Compression[]
  /**
   * Keeps values in L2 from being read or changed: `aesGcm({ keys })`. What is not encrypted with one of the keys is then a miss. Not
   * together with `signing`, which it includes. Default: none.
   */
  readonly encryption?: Seal & { readonly kind: 'encryption' }
  /** Keeps values in L2 from being changed: `hmac({ keys })`. What is not signed with one of the keys is then a miss. Default: none. */
  readonly signing?: Seal & { readonly kind: 'signing' }
  /**
   * How large an encoded value may be before it is compressed, written or read: 1 byte to 256 MB. A larger one is refused with
   * `TIERCEL_VALUE_TOO_LARGE`; stored by somebody else, it is a miss. Default: `'8mb'`.
   */
  readonly maxValueBytes?: ByteSize
  /**
   * `'envelope'`: with a header of 62 bytes. `'plain'`: the codec's bytes alone, for keys that are shared with other languages; there is
   * then no checksum, no seal, no compression and no proof that a value belongs to its key. Default: `'envelope'`.
   */
  readonly format?: 'envelope' | 'plain'
}

export const formatOptionNames: readonly string[] = ['codec', 'compression', 'encryption', 'signing', 'maxValueBytes', 'format']

const largestMaxValueBytes = 256 * 1024 ** 2

/** @throws {TIERCEL_INVALID_OPTION} */
export function valueFormat(options: FormatOptions, sharing: ValueSharing): ValueFormat {
  const codecs = checkCodecs(options.codec ?? jsonCodec)
  const compressions = checkCompressions(options.compression ?? [])
  const seal = checkSeal(options)
  const maxValueBytes = sizeBytes(options.maxValueBytes ?? '8mb', 'maxValueBytes')
  if (maxValueBytes > largestMaxValueBytes) {
    throw invalid(`maxValueBytes: ${show(options.maxValueBytes)} is too much. Allowed: 1 byte to '256mb'.`)
  }
  if (oneOf(options.format ?? 'envelope', ['envelope', 'plain'], 'format') === 'envelope') {
    return new EnvelopeFormat({ codecs, compressions, seal, maxValueBytes, sharing })
  }
  const extra = codecs.length > 1 ? 'a list of codecs' : compressions.length > 0 ? 'compression' : seal?.kind
  if (extra !== undefined) throw invalid(`format: 'plain' bytes have no header that could speak of ${extra}. Leave out one of the two.`)
  return new PlainFormat({ codec: codecs[0], maxValueBytes, sharing })
}

function checkCodecs(given: Codec | readonly Codec[]): readonly [Codec, ...Codec[]] {
  const codecs = listOf(given)
  for (const codec of codecs) checkHook(codec, 'codec', ['encode', 'decode'], codecIds)
  checkDistinct(codecs, 'codec')
  if (codecs[0] === undefined) throw invalid('codec: an empty list cannot write. Leave the option out for JSON.')
  return codecs as readonly [Codec, ...Codec[]]
}

function checkCompressions(given: Compression | readonly Compression[]): readonly Compression[] {
  const compressions = listOf(given)
  for (const compression of compressions) {
    checkHook(compression, 'compression', ['compress', 'decompress'], compressionIds)
    if (compression.minBytes !== undefined) sizeBytes(compression.minBytes, 'compression.minBytes')
  }
  checkDistinct(compressions, 'compression')
  return compressions
}

function checkSeal({ encryption, signing }: FormatOptions): Seal | undefined {
  if (encryption !== undefined && signing !== undefined) {
    throw invalid('encryption, signing: what is encrypted is signed as well. Give one of the two.')
  }
  if (encryption !== undefined && encryption?.kind !== 'encryption') {
    throw invalid(`encryption: ${show(encryption)} is not allowed. Allowed: aesGcm({ keys }) of tiercel/codecs.`)
  }
  if (signing !== undefined && signing?.kind !== 'signing') {
    throw invalid(`signing: ${show(signing)} is not allowed. Allowed: hmac({ keys }) of tiercel/codecs.`)
  }
  return encryption ?? signing
}

interface Hook {
  readonly id: number
  readonly name?: string
}

function checkHook(hook: Hook, option: string, members: readonly string[], own: Readonly<Record<string, number>>): void {
  const missing = members.filter((member) => typeof (hook as unknown as Record<string, unknown>)?.[member] !== 'function')
  if (missing.length > 0) {
    throw invalid(`${option}: ${show(hook)} has no ${missing.join(' and ')}. Needed: an object with id, ${members.join(' and ')}.`)
  }
  const isForeign = Number.isInteger(hook.id) && hook.id >= firstForeignId && hook.id <= 255
  const isOwn = hook.name !== undefined && Object.hasOwn(own, hook.name) && own[hook.name] === hook.id
  if (!isForeign && !isOwn) {
    throw invalid(
      `${option}.id: ${show(hook.id)} is not allowed. Allowed: a whole number from ${firstForeignId} to 255, written into every entry; lower ones are Tiercel's own.`,
    )
  }
}

function checkDistinct(hooks: readonly Hook[], option: string): void {
  const twice = hooks.find((hook, at) => hooks.findIndex(({ id }) => id === hook.id) !== at)
  if (twice !== undefined)
    throw invalid(`${option}: the id ${twice.id} stands twice in the list, and a reader could not tell which is meant.`)
}

function listOf<T>(given: T | readonly T[]): readonly T[] {
  return Array.isArray(given) ? given : [given as T]
}

function invalid(message: string): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', message)
}
