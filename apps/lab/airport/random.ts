/**
 * Random numbers that depend on nothing but where they are used: the seed, a stream (usually a table) and a row. A row needs only a
 * few, so one is cheap to make: the three are its state.
 *
 * The generator is sfc32 (C. Doty-Humphrey, PractRand, public domain). Only exact integer arithmetic and division by a
 * power of two are used, so that every machine draws the same numbers.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream: string, row: number) {
    this.#a = seed | 0
    this.#b = streamNumber(stream)
    this.#c = row | 0
    for (let round = 0; round < 12; round++) this.#bits()
  }

  /** From 0 up to, but never, 1. */
  next(): number {
    return this.#bits() / 0x1_0000_0000
  }

  /** A whole number from 0 to `below - 1`. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** Bell-shaped around 0, with a standard deviation of 1, never beyond ±3.47 (the sum of four even draws). */
  bell(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * Math.sqrt(3)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  #bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}

/** FNV-1a of the stream's name. */
function streamNumber(stream: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < stream.length; index++) hash = Math.imul(hash ^ stream.charCodeAt(index), 0x01000193)
  return hash | 0
}

/** Where `index` goes in a shuffle of 0 to `size - 1`: an affine map, so that no two go to the same place and no list is kept. */
export function shuffled(index: number, size: number, random: Random): number {
  const shift = random.below(size)
  let stride = 1 + random.below(size)
  while (greatestCommonDivisor(stride, size) !== 1) stride = 1 + random.below(size)
  return (index * stride + shift) % size
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/** Draws indexes in proportion to their weights. */
export function weightedDraw(weights: readonly number[]): (random: Random) => number {
  let total = 0
  const ceilings = weights.map((weight) => (total += weight))
  return (random) => firstAbove(ceilings, random.next() * total)
}

/** The first index of an ascending list whose value is above `value`. */
export function firstAbove(ascending: ArrayLike<number>, value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) > value) high = middle
    else low = middle + 1
  }
  return low
}
