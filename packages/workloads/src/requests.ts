import { createRandom } from './random.ts'
import { zipf } from './zipf.ts'

/** Keys in the order in which they are asked for, to judge what a cache keeps. One string per key, as a program would have. */
const items = 100_000
const requests = 1_000_000

/** Zipf 0.99 over 100,000 keys. */
export function steadyRequests(seed: string): string[] {
  const keys = keysNamed('item', items)
  const ranks = zipf({ items, exponent: 0.99, random: createRandom(seed) })
  return Array.from({ length: requests }, () => keys[ranks.next()] as string)
}

/** The same, and every 100,000 requests all popular keys are replaced by ones never seen before. */
export function shiftingRequests(seed: string): string[] {
  const ranks = zipf({ items, exponent: 0.99, random: createRandom(seed) })
  return Array.from({ length: requests / 100_000 }, (_, phase) => {
    const keys = keysNamed(`item-${phase}`, items)
    return Array.from({ length: 100_000 }, () => keys[ranks.next()] as string)
  }).flat()
}

/** The same, and every fourth request is for a key that never comes back. */
export function scannedRequests(seed: string): string[] {
  const keys = keysNamed('item', items)
  const ranks = zipf({ items, exponent: 0.99, random: createRandom(seed) })
  return Array.from({ length: requests }, (_, index) => (index % 4 === 3 ? `scan:${index}` : (keys[ranks.next()] as string)))
}

/** Keys that are hot, then read beside a scan of `10 × entries` keys, two of them per hot one. */
export function hotThenScan(entries: number, seed: string): { readonly warmUp: string[]; readonly scan: string[] } {
  const random = createRandom(seed)
  const hot = keysNamed('hot', entries / 2)
  const next = (): string => hot[random.integer(hot.length)] as string
  const warmUp = Array.from({ length: 10 * entries }, next)
  const scan = Array.from({ length: 15 * entries }, (_, index) => (index % 3 === 0 ? next() : `scan:${index}`))
  return { warmUp, scan }
}

/** What an application asks for in turns: popular keys, a loop longer than the cache, a burst of keys of the moment, a scan. */
export function mixedRequests(entries: number, seed: string): string[] {
  const random = createRandom(seed)
  const ranks = zipf({ items: entries * 10, exponent: 0.9, random })
  const phases = [
    () => `item:${ranks.next()}`,
    (index: number) => `loop:${index % (entries * 2)}`,
    (index: number) => `recent:${index - Math.floor(random.next() ** 3 * entries)}`,
    (index: number) => `scan:${index}`,
  ]
  return Array.from({ length: entries * 120 }, (_, index) => phases[Math.floor(index / (entries * 15)) % phases.length]?.(index) as string)
}

function keysNamed(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, id) => `${kind}:${id}`)
}
