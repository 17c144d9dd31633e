import { isDeepStrictEqual } from 'node:util'

/** What the caches of this benchmark hold: a catalogue entry of about 1 kB as JSON. A pure function of its number. */
export interface Product {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly priceCents: number
  readonly isAvailable: boolean
  readonly category: { readonly id: number; readonly path: readonly string[] }
  readonly attributes: Readonly<Record<string, string | number>>
  readonly stock: readonly { readonly warehouse: string; readonly count: number }[]
  readonly tags: readonly string[]
}

const WORDS = 'amber birch cedar delta ember fjord grove haven inlet jetty knoll ledge maple north ocean prism quartz ridge'.split(' ')

export function product(id: number): Product {
  const word = (n: number): string => WORDS[(id * 7 + n * 13) % WORDS.length] as string
  const sentence = (length: number): string => Array.from({ length }, (_, n) => word(n)).join(' ')
  return {
    id,
    name: `${word(1)} ${word(2)} ${id}`,
    description: sentence(92),
    priceCents: (id * 997) % 100_000,
    isAvailable: id % 3 !== 0,
    category: { id: id % 50, path: [word(3), word(4), word(5)] },
    attributes: { colour: word(6), weightGrams: (id * 31) % 5000, material: word(7), widthMm: (id * 17) % 900 },
    stock: [0, 1, 2, 3].map((n) => ({ warehouse: `${word(n)}-${n}`, count: (id * (n + 3)) % 200 })),
    tags: [word(8), word(9), word(10), `batch-${id % 400}`],
  }
}

/** That the values are deeply those of `expected`, in its order. */
export function assertProducts(actual: readonly unknown[], expected: readonly Product[]): void {
  for (const [at, value] of actual.entries()) {
    if (!isDeepStrictEqual(value, expected[at]))
      throw new Error(`wrong value for product ${expected[at]?.id}: ${JSON.stringify(value)?.slice(0, 200)}`)
  }
}
