import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import { type Codec, codecIds } from './codec.ts'
import { refuseForeign } from './structured-write.ts'

/** The members of msgpackr's `Packr` that are used. */
export interface PackrLike {
  pack(value: unknown): Uint8Array
  unpack(bytes: Uint8Array): unknown
}

/**
 * MessagePack through the `Packr` of the package msgpackr, which you install and set up: small, and keeps what
 * the structured codec keeps, but for `-0`, holes in arrays and a field named `__proto__`.
 *
 * What MessagePack would silently drop or flatten is refused with the path to it: functions, symbols, instances of classes, cycles.
 *
 * @param packr `new Packr({ moreTypes: true })`, without shared structures: those are in one process's memory, and no other could read what
 *   it wrote
 * @throws {TIERCEL_INVALID_OPTION} it is no Packr, has shared structures, or does not bring back a Map, a Set and typed arrays
 */
export function msgpackrCodec(packr: PackrLike): Codec {
  checkPackr(packr)
  return {
    id: codecIds.msgpackr,
    name: 'msgpackr',
    encode(value) {
      refuseForeign(value)
      return packr.pack(value)
    },
    // A copy: bytes inside a value are views of what it was read from.
    decode: (bytes) => packr.unpack(Buffer.from(bytes)),
  }
}

/** Tried, since its options cannot be asked for. */
function checkPackr(packr: PackrLike): void {
  if (typeof packr?.pack !== 'function' || typeof packr.unpack !== 'function') {
    throw invalid(`${show(packr)} has no pack and unpack. Hand in new Packr({ moreTypes: true }) of the package msgpackr.`)
  }
  // Whatever is in the bytes can be read from them: the names of fields too, each time.
  const isWhole = [1, 2].every(() => Buffer.from(packr.pack(probe())).includes('floats'))
  if (!isWhole) throw invalid('this Packr has shared structures, and no other process could read what it writes. Leave out its structures.')
  const back = packr.unpack(packr.pack(probe())) as ReturnType<typeof probe>
  const isKept = back.map instanceof Map && back.set instanceof Set && back.floats instanceof Float64Array
  if (!isKept)
    throw invalid('this Packr does not bring back a Map, a Set or typed arrays. Create it with moreTypes: true, and without mapsAsObjects.')
}

function probe(): { readonly map: unknown; readonly set: unknown; readonly floats: unknown } {
  return { map: new Map([['name', 1]]), set: new Set([1]), floats: new Float64Array(1) }
}

function invalid(what: string): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', `msgpackrCodec: ${what}`)
}
