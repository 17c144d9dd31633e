import type { Random } from '@tiercel/workloads'

const oddTexts = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'a:b',
  '{}',
  '{a',
  'a}',
  '*',
  '\0',
  '\r\n',
  '\ud800',
  '\u{1f600}',
  '%00',
  '..',
  '💥'.repeat(40),
]
const oddNumbers = [0, -0, 1, -1, 0.5, 1e-9, 1e308, 2 ** 53, -(2 ** 31), Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const letters = 'abcxyz019:{}*?[]%_-. \0é漢\ud83d'
const deepest = 4
const mostMembers = 6

/** What a caller without types might hand over. */
export class OddValues {
  readonly #random: Random
  /** Names that mean something to who is asked. */
  readonly #names: readonly string[]

  constructor(random: Random, names: readonly string[]) {
    this.#random = random
    this.#names = names
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#random.integer(from.length)] as T
  }

  chance(share: number): boolean {
    return this.#random.next() < share
  }

  text(): string {
    if (this.chance(0.3)) return this.pick(oddTexts)
    if (this.chance(0.02)) return this.pick(['a', ':', '{', '漢']).repeat(this.#random.integer(70_000))
    return Array.from({ length: this.#random.integer(20) }, () => this.pick([...letters])).join('')
  }

  any(depth = 0): unknown {
    const kind = this.#random.integer(depth < deepest ? 16 : 12)
    switch (kind) {
      case 0:
        return undefined
      case 1:
        return null
      case 2:
      case 3:
        return this.pick(oddNumbers)
      case 4:
      case 5:
      case 6:
        return this.text()
      case 7:
        return this.chance(0.5)
      case 8:
        return this.pick([10n, -1n, 2n ** 70n])
      case 9:
        return Symbol('odd')
      case 10:
        return this.pick([() => 1, async () => 1])
      case 11:
        return this.pick([
          new Date(Number.NaN),
          /a*/,
          new Map([['a', 1]]),
          Buffer.from('abc'),
          new Uint8Array(3),
          Promise.resolve(1),
          new Error('odd'),
        ])
      case 12:
        return Array.from({ length: this.#random.integer(mostMembers) }, () => this.any(depth + 1))
      default:
        return this.object(depth)
    }
  }

  /** With names that mean something, names that are none, and names that every object has. */
  object(depth = 0): object {
    const parsed: Record<string, unknown> = this.chance(0.1) ? Object.create(null) : {}
    const count = this.#random.integer(mostMembers)
    for (let at = 0; at < count; at += 1) {
      const name = this.chance(0.8) ? this.pick(this.#names) : this.text().slice(0, 50)
      // As `JSON.parse` does: a member named `__proto__` of its own.
      Object.defineProperty(parsed, name, { value: this.any(depth + 1), enumerable: true, configurable: true, writable: true })
    }
    if (this.chance(0.02)) parsed['itself'] = parsed
    return parsed
  }

  /** Bytes with some bits turned, some cut off or put in. */
  mutated(bytes: Buffer): Buffer {
    let result = Buffer.from(bytes)
    for (let change = this.#random.integer(4); change >= 0; change -= 1) {
      const at = this.#random.integer(result.length + 1)
      const how = this.#random.integer(4)
      if (how === 0) result = result.subarray(0, at)
      else if (how === 1) result = Buffer.concat([result.subarray(0, at), this.#bytes(), result.subarray(at)])
      else if (at < result.length)
        result[at] = how === 2 ? (result[at] as number) ^ (1 << this.#random.integer(8)) : this.#random.integer(256)
    }
    return result
  }

  #bytes(): Buffer {
    return Buffer.from(Array.from({ length: this.#random.integer(20) }, () => this.#random.integer(256)))
  }
}
