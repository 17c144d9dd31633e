import { type Codec, codecIds } from './codec.ts'
import { readTagged } from './structured-read.ts'
import { tagged } from './structured-write.ts'

/** No JSON text begins with it. What follows is JSON in which objects with one name that begins with `$` are not themselves. */
const tagMark = '~'
const tagMarkByte = 0x7e

/**
 * JSON that also keeps Date, Map, Set, bigint, `undefined` inside objects and arrays, NaN, ±Infinity, -0, holes in arrays, Buffer, typed
 * arrays, ArrayBuffer and DataView: equal in, equal out, or refused with the path to it.
 *
 * A value with none of these is stored as the JSON it is. Otherwise `~` and JSON with tags: `{"$date":1790000000000}`, `{"$map":[k,v,…]}`.
 *
 * Not kept, as with JSON: identity (an object that is in two places comes back as two), what an array has beside its elements, symbol keys, getters
 * (their value is), an object's lack of a prototype. Refused: functions, symbols, instances of classes, cycles.
 */
export const structuredCodec: Codec = {
  id: codecIds.structured,
  name: 'structured',
  encode(value) {
    const json = tagged(value)
    return json === value ? JSON.stringify(value) : tagMark + JSON.stringify(json)
  },
  decode: (bytes) => decodeAt(bytes, 0),
  decodeAt,
}

function decodeAt(bytes: Buffer, start: number): unknown {
  const isTagged = bytes[start] === tagMarkByte
  const json: unknown = JSON.parse(bytes.toString('utf8', isTagged ? start + 1 : start))
  return isTagged ? readTagged(json) : json
}
