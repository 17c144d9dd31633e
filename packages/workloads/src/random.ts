/**
 * A stream of random numbers that is the same for the same seed, on every machine. For workloads, not for secrets.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand and BigCrush, a few additions a
 * number. The seed is spread over the state by murmur3's finalizer, so that 1 and 2 give unrelated streams.
 */
export interface Random {
  /** 0 ≤ x < 1, with 32 random bits. */
  next(): number
  /** A whole number from 0 up to, not including, `below`. */
  integer(below: number): number
  /** A stream of its own, fixed by this stream's seed and `label`; taking from one does not move the other. */
  fork(label: string): Random
}

export function createRandom(seed: number | string): Random {
  const draw = sfc32(seedWords(String(seed)))
  return {
    next: () => draw() / 0x1_0000_0000,
    integer(below) {
      if (!Number.isInteger(below) || below < 1 || below > 0x1_0000_0000) {
        throw new RangeError(`integer(below): got ${below}, allowed are whole numbers from 1 to 4294967296`)
      }
      return Math.floor((draw() / 0x1_0000_0000) * below)
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  }
}

type Words = [number, number, number, number]

function sfc32([a, b, c, counter]: Words): () => number {
  const draw = () => {
    const result = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    c |= 0
    return result >>> 0
  }
  for (let round = 0; round < 12; round++) draw()
  return draw
}

function seedWords(text: string): Words {
  let hash = 0x9e3779b9
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return [mix(hash), mix(hash + 0x6d2b79f5), mix(hash ^ text.length), 1]
}

/** murmur3's 32-bit finalizer. */
function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) | 0
}
