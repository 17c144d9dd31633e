import { randomBytes } from 'node:crypto'
import { Packr } from 'msgpackr'
import superjson from 'superjson'
import { describe, expect, test } from 'vitest'
import { aesGcm } from './aes-gcm.ts'
import { type FormatOptions, valueFormat } from './format-options.ts'
import { hmac } from './hmac.ts'
import { jsonCodec } from './json.ts'
import { msgpackrCodec } from './msgpackr.ts'
import { structuredCodec } from './structured.ts'
import { superjsonCodec } from './superjson.ts'
import { brotli, gzip } from './zlib-compressions.ts'

const keys = [{ id: 1, secret: randomBytes(32) }]
const encryption = aesGcm({ keys })
const signing = hmac({ keys })
const own = { id: 64, encode: () => '', decode: () => 0 }

describe('refused at once, saying what to do', () => {
  test.each<[string, object, RegExp]>([
    ['no codec', { codec: {} }, /codec: an object \(Object\) has no encode and decode\. Needed: an object with id, encode and decode/],
    ['a name as codec', { codec: 'json' }, /codec: "json" has no/],
    ['no codec at all', { codec: [] }, /Leave the option out for JSON/],
    [
      'a codec with a number of ours',
      { codec: { ...own, id: 63 } },
      /codec\.id: 63 is not allowed\. Allowed: a whole number from 64 to 255/,
    ],
    ['a codec under another name of ours', { codec: { ...own, id: 1, name: 'structured' } }, /codec\.id: 1/],
    ['a codec without a number', { codec: { ...own, id: undefined } }, /codec\.id: undefined/],
    ['two codecs of one number', { codec: [own, { ...own }] }, /the id 64 stands twice/],
    ['no compression', { compression: 'brotli' }, /compression: "brotli" has no compress and decompress/],
    ['two of a kind', { compression: [gzip(), gzip()] }, /the id 1 stands twice/],
    ['a threshold of nothing', { compression: { ...brotli(), minBytes: 0 } }, /minBytes/],
    ['keys alone', { encryption: { keys } }, /encryption: .*aesGcm\(\{ keys \}\) of tiercel\/codecs/],
    ['a signature for encryption', { encryption: signing }, /encryption/],
    ['encryption for a signature', { signing: encryption }, /signing: .*hmac/],
    ['both', { signing, encryption }, /Give one of the two/],
    ['a size of nothing', { maxValueBytes: 0 }, /maxValueBytes/],
    ['a size beyond all', { maxValueBytes: '257mb' }, /Allowed: 1 byte to '256mb'/],
    ['an unknown format', { format: 'json' }, /format: "json" is not allowed/],
    ['plain with codecs', { format: 'plain', codec: [jsonCodec, structuredCodec] }, /a list of codecs/],
    ['plain with compression', { format: 'plain', compression: gzip() }, /compression/],
    ['plain with a seal', { format: 'plain', signing }, /signing/],
  ])('%s', (_name, options, message) => {
    const create = (): unknown => valueFormat(options as FormatOptions, 'freeze')
    expect(create).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION', message: expect.stringMatching(message) }))
  })

  test.each<[string, () => unknown, RegExp]>([
    ['no Packr', () => msgpackrCodec({} as never), /no pack and unpack/],
    ['a Packr that flattens a Set', () => msgpackrCodec(new Packr()), /moreTypes: true/],
    ['a Packr that flattens a Map', () => msgpackrCodec(new Packr({ moreTypes: true, mapsAsObjects: true })), /mapsAsObjects/],
    ['shared structures', () => msgpackrCodec(new Packr({ moreTypes: true, structures: [] })), /shared structures/],
    ['no superjson', () => superjsonCodec(undefined as never), /Hand in what the package superjson exports/],
  ])('%s', (_name, create, message) => {
    expect(create).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION', message: expect.stringMatching(message) }))
  })
})

describe('a codec of another package', () => {
  const value = { at: new Date(5), map: new Map([[1, new Set(['x'])]]), big: 2n ** 70n, none: undefined, list: [null, Number.NaN] }

  test.each([
    ['msgpackr', msgpackrCodec(new Packr({ moreTypes: true }))],
    ['superjson', superjsonCodec(superjson)],
  ])('%s brings back what it promises', (_name, codec) => {
    expect(codec.decode(Buffer.from(codec.encode(value)))).toEqual(value)
  })

  test('msgpackr does not let the bytes of an entry out', () => {
    const codec = msgpackrCodec(new Packr({ moreTypes: true }))
    const stored = Buffer.from(codec.encode({ bytes: Buffer.from('abc') }))
    const { bytes } = codec.decode(stored) as { bytes: Buffer }
    bytes.fill(0)
    expect(codec.decode(stored)).toEqual({ bytes: Buffer.from('abc') })
  })

  test.each([
    ['a function', { f: () => 1 }],
    [
      'an instance',
      {
        m: new (class Money {
          cents = 1
        })(),
      },
    ],
  ])('msgpackr refuses %s', (_name, refused) => {
    const codec = msgpackrCodec(new Packr({ moreTypes: true }))
    expect(() => codec.encode(refused)).toThrow(expect.objectContaining({ code: 'TIERCEL_UNSERIALIZABLE_VALUE' }))
  })

  test('that fails or returns no bytes is the cause of a coded error', () => {
    const cause = new RangeError('no')
    const failing = {
      ...own,
      encode: () => {
        throw cause
      },
    }
    const encode = (codec: object) => () => valueFormat({ codec: codec as never }, 'freeze').encode(1)
    expect(encode(failing)).toThrow(expect.objectContaining({ code: 'TIERCEL_UNSERIALIZABLE_VALUE', cause }))
    expect(encode({ ...own, name: 'mine', encode: async () => '' })).toThrow(/The codec mine returned an object \(Promise\)/)
  })
})
