/** A tag is an object with one name, which begins with this. A value's own object of that shape is put under `escape`. */
export const tagSign = '$'
export const tagSignUnit = 0x24

/** Written into stored values: none is ever renamed or given another meaning. */
export const tags = {
  escape: '$',
  date: '$date',
  map: '$map',
  set: '$set',
  bigint: '$bigint',
  number: '$number',
  undefined: '$undefined',
  hole: '$hole',
  bytes: '$bytes',
} as const

type ViewMaker = (buffer: ArrayBuffer) => object

/** The kinds of bytes by the name that is stored. Their order in memory is the machine's, little-endian wherever Node runs. */
export const byteKinds: ReadonlyMap<string, ViewMaker> = new Map<string, ViewMaker>([
  ['Buffer', (buffer) => Buffer.from(buffer)],
  ['ArrayBuffer', (buffer) => buffer],
  ['DataView', (buffer) => new DataView(buffer)],
  ['Int8Array', (buffer) => new Int8Array(buffer)],
  ['Uint8Array', (buffer) => new Uint8Array(buffer)],
  ['Uint8ClampedArray', (buffer) => new Uint8ClampedArray(buffer)],
  ['Int16Array', (buffer) => new Int16Array(buffer)],
  ['Uint16Array', (buffer) => new Uint16Array(buffer)],
  ['Int32Array', (buffer) => new Int32Array(buffer)],
  ['Uint32Array', (buffer) => new Uint32Array(buffer)],
  ['Float32Array', (buffer) => new Float32Array(buffer)],
  ['Float64Array', (buffer) => new Float64Array(buffer)],
  ['BigInt64Array', (buffer) => new BigInt64Array(buffer)],
  ['BigUint64Array', (buffer) => new BigUint64Array(buffer)],
])
