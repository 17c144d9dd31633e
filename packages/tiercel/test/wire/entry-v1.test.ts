import { expect, test } from 'vitest'
import { decodeEntry, decodeTags } from '../../src/codecs/envelope.ts'
import { jsonCodec } from '../../src/codecs/json.ts'
import { goldenEntries } from './entry-v1.golden.ts'

test.each(goldenEntries)('wire version 1: $name is read as it was written', ({ hex, storedKey, echo, expected, tags, value }) => {
  const bytes = Buffer.from(hex, 'hex')
  const decoded = decodeEntry(bytes, storedKey, echo)
  expect(decoded).toMatchObject({ kind: 'value', ...(expected as object) })
  if (decoded.kind !== 'value') return
  expect(
    decodeTags(bytes, decoded.tagCount).map((tag) => ({
      ...tag,
      hardToken: tag.hardToken.toString('hex'),
      softToken: tag.softToken.toString('hex'),
    })),
  ).toEqual(tags)
  if (value !== undefined) expect(jsonCodec.decode(bytes, decoded.payloadStart)).toEqual(value)
})
