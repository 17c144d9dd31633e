import { Packr } from 'msgpackr'
import superjson from 'superjson'
import { aesGcm } from '../../src/codecs/aes-gcm.ts'
import type { FormatOptions } from '../../src/codecs/format-options.ts'
import { hmac } from '../../src/codecs/hmac.ts'
import { msgpackrCodec } from '../../src/codecs/msgpackr.ts'
import { structuredCodec } from '../../src/codecs/structured.ts'
import { superjsonCodec } from '../../src/codecs/superjson.ts'
import { brotli, gzip, zstd } from '../../src/codecs/zlib-compressions.ts'

/** A secret that is none. */
export const goldenKey = { id: 20260701, secret: Buffer.from(Array.from({ length: 32 }, (_, at) => at)) }

/** Every way to store a value that has golden bytes, as it was set up when they were written. */
export const formats: Readonly<Record<string, () => FormatOptions>> = {
  json: () => ({}),
  structured: () => ({ codec: structuredCodec }),
  msgpackr: () => ({ codec: msgpackrCodec(new Packr({ moreTypes: true })) }),
  superjson: () => ({ codec: superjsonCodec(superjson) }),
  gzip: () => ({ compression: gzip({ minBytes: 1 }) }),
  brotli: () => ({ compression: brotli({ minBytes: 1 }) }),
  zstd: () => ({ compression: zstd({ minBytes: 1 }) }),
  signed: () => ({ signing: hmac({ keys: [goldenKey] }) }),
  encrypted: () => ({ encryption: aesGcm({ keys: [goldenKey] }) }),
  all: () => ({ codec: structuredCodec, compression: brotli({ minBytes: 1 }), encryption: aesGcm({ keys: [goldenKey] }) }),
  plain: () => ({ format: 'plain' }),
}

const plainValue = { id: 7, name: 'Zürich 😀', words: Array.from({ length: 12 }, () => 'again and again') }

/** The value in the golden bytes of a format. */
export function goldenValue(format: string): object {
  if (format === 'msgpackr' || format === 'superjson') return { ...plainValue, at: new Date(5), set: new Set([1]), big: 5n }
  if (format !== 'structured' && format !== 'all') return plainValue
  const kinds = {
    at: new Date(5),
    map: new Map([['a', new Set([1])]]),
    big: 5n,
    none: undefined,
    numbers: [Number.NaN, -0, Number.NEGATIVE_INFINITY],
  }
  return {
    ...plainValue,
    ...kinds,
    hole: Object.assign(Array(2), { 1: 1 }),
    bytes: Buffer.from('abc'),
    floats: new Float64Array([1.5]),
    own: { $date: 5 },
    never: new Date(Number.NaN),
  }
}
