/**
 * About how often each key was asked for lately, in 8 to 16 bytes per entry whatever the number of keys.
 *
 * A count-min sketch (G. Cormode, S. Muthukrishnan, "An improved data stream summary", J. Algorithms 55, 2005) with 4-bit counters: four
 * per key, one in each row, the smallest of which is the estimate. Only those that are too small are raised (C. Estan, G. Varghese, "New
 * directions in traffic measurement", SIGCOMM 2002), since the others already count somebody else. All four lie in one block of 64 bytes,
 * so that counting touches one line of the processor's cache; blocks of 8 bytes leave too few counters to choose from and cost 2.7 points
 * of hit ratio on a database trace.
 */
const blockWords = 16
const entriesPerBlock = 8
/** As far as a counter goes. */
export const mostRequests = 15

export class FrequencySketch {
  #words: Int32Array = new Int32Array(blockWords)
  #blockMask = 0
  /** The next word to be halved; the number of words when all are. */
  #halving = blockWords

  /** Makes room for `entries`. Estimates stay: keys that shared a block take its counters along. */
  grow(entries: number): void {
    while ((this.#blockMask + 1) * entriesPerBlock < entries) this.#double()
  }

  /** The key was asked for so many times. */
  count(hash: number, times: number): void {
    const words = this.#words
    const block = (hash & this.#blockMask) * blockWords
    const choice = spread(hash)
    const first = block + (choice & 3)
    const second = block + 4 + ((choice >>> 5) & 3)
    const third = block + 8 + ((choice >>> 10) & 3)
    const fourth = block + 12 + ((choice >>> 15) & 3)
    const firstCount = counter(words, first, choice >>> 2)
    const secondCount = counter(words, second, choice >>> 7)
    const thirdCount = counter(words, third, choice >>> 12)
    const fourthCount = counter(words, fourth, choice >>> 17)
    const raised = lesser(mostRequests, times + lesser(lesser(firstCount, secondCount), lesser(thirdCount, fourthCount)))
    raise(words, first, choice >>> 2, raised - firstCount)
    raise(words, second, choice >>> 7, raised - secondCount)
    raise(words, third, choice >>> 12, raised - thirdCount)
    raise(words, fourth, choice >>> 17, raised - fourthCount)
  }

  /** 0 to 15. */
  estimate(hash: number): number {
    const words = this.#words
    const block = (hash & this.#blockMask) * blockWords
    const choice = spread(hash)
    const first = counter(words, block + (choice & 3), choice >>> 2)
    const second = counter(words, block + 4 + ((choice >>> 5) & 3), choice >>> 7)
    const third = counter(words, block + 8 + ((choice >>> 10) & 3), choice >>> 12)
    const fourth = counter(words, block + 12 + ((choice >>> 15) & 3), choice >>> 17)
    return lesser(lesser(first, second), lesser(third, fourth))
  }

  /** Begins to halve all counters, so that what was popular is forgotten. */
  startHalving(): void {
    this.#halving = 0
  }

  /** Goes on with it for at most so many words. @returns how many it were */
  halve(mostWords: number): number {
    const words = this.#words
    const begin = this.#halving
    const end = Math.min(begin + mostWords, words.length)
    for (let at = begin; at < end; at += 1) words[at] = ((words[at] as number) >>> 1) & 0x77777777
    this.#halving = end
    return end - begin
  }

  #double(): void {
    const words = new Int32Array(this.#words.length * 2)
    words.set(this.#words)
    words.set(this.#words, this.#words.length)
    this.#words = words
    this.#blockMask = this.#blockMask * 2 + 1
    this.#halving = words.length
  }
}

/** @param choice whose lowest three bits say which of the eight counters of a word */
function counter(words: Int32Array, at: number, choice: number): number {
  return ((words[at] as number) >>> ((choice & 7) << 2)) & mostRequests
}

/** Without a branch: which of two counters is larger, no processor can guess. */
export function lesser(a: number, b: number): number {
  const lead = a - b
  return b + (lead & (lead >> 31))
}

/** @param times negative: it counts enough already */
function raise(words: Int32Array, at: number, choice: number, times: number): void {
  words[at] = (words[at] as number) + ((times & ~(times >> 31)) << ((choice & 7) << 2))
}

/** Bits for the choice of counters, which must not follow from those that chose the block. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  return mixed ^ (mixed >>> 15)
}
