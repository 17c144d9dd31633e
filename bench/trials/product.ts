import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../subjects/subject.ts'

/** What the caches of this benchmark hold: a row of a catalogue, flat as a query returns it, about 1 kB as JSON. A pure function of its number. */
export interface Product extends Item {
  readonly id: number
  readonly sku: string
  readonly name: string
  readonly description: string
  readonly price_cents: number
  readonly currency: string
  readonly is_available: boolean
  readonly category_id: number
  readonly colour: string
  readonly weight_grams: number
  readonly rating: number
  readonly discontinued_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

const WORDS = 'amber birch cedar delta ember fjord grove haven inlet jetty knoll ledge maple north ocean prism quartz ridge'.split(' ')

export function product(id: number): Product {
  const word = (n: number): string => WORDS[(id * 7 + n * 13) % WORDS.length] as string
  return {
    id,
    sku: `${word(1)}-${word(2)}-${id}`,
    name: `${word(1)} ${word(2)} ${id}`,
    description: Array.from({ length: 118 }, (_, n) => word(n)).join(' '),
    price_cents: (id * 997) % 100_000,
    currency: 'EUR',
    is_available: id % 3 !== 0,
    category_id: id % 50,
    colour: word(6),
    weight_grams: (id * 31) % 5000,
    rating: (id % 50) / 10,
    discontinued_at: id % 9 === 0 ? '2026-05-04T03:02:01.000Z' : null,
    created_at: '2025-01-02T03:04:05.678Z',
    updated_at: '2026-10-11T12:13:14.567Z',
  }
}

/** That the values are deeply those of `expected`, in its order. */
export function assertItems(actual: readonly unknown[], expected: readonly Item[]): void {
  for (const [at, value] of actual.entries()) {
    if (!isDeepStrictEqual(value, expected[at]))
      throw new Error(`wrong value for item ${expected[at]?.id}: ${JSON.stringify(value)?.slice(0, 200)}`)
  }
}
