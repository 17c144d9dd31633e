/**
 * 32-bit hashes of keys, of which nobody outside this process knows which ones collide: the start and the multiplier are drawn once per
 * process. So nobody can choose keys that make the sketch count a dead key as a popular one. Not for secrets.
 */
export class SeededHash {
  readonly #start: number
  readonly #multiplier: number

  /** @param seed 32 bits; the same seed hashes alike */
  constructor(seed: number) {
    this.#start = finish(seed)
    this.#multiplier = finish(seed ^ 0x6d2b79f5) | 1
  }

  hash(key: string | number): number {
    return typeof key === 'string' ? this.#text(key) : this.#number(key)
  }

  #text(text: string): number {
    const multiplier = this.#multiplier
    const { length } = text
    let hash = this.#start ^ length
    // Two characters a step: what takes the time is that each step waits for the one before.
    for (let at = 1; at < length; at += 2) {
      hash = Math.imul(hash ^ text.charCodeAt(at - 1) ^ (text.charCodeAt(at) << 16), multiplier)
      hash ^= hash >>> 15
    }
    if (length % 2 === 1) hash = Math.imul(hash ^ text.charCodeAt(length - 1), multiplier)
    return finish(hash)
  }

  #number(value: number): number {
    bits.setFloat64(0, value)
    return finish(Math.imul(Math.imul(this.#start ^ bits.getInt32(0), this.#multiplier) ^ bits.getInt32(4), this.#multiplier))
  }
}

const bits = new DataView(new ArrayBuffer(8))

/** Murmur3's finalizer: every bit of the result depends on every bit given. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** 32 bits that differ from process to process. */
export const processSeed: number = globalThis.crypto.getRandomValues(new Int32Array(1))[0] as number
