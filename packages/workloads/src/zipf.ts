import { checkItems, type KeyDistribution } from './distribution.ts'
import type { Random } from './random.ts'

export interface ZipfOptions {
  /** How many keys there are. 1 to 2^31. */
  readonly items: number
  /** How steep popularity falls: 0 is uniform, web traffic is often near 0.8 to 1.1. 0 to 10. */
  readonly exponent: number
  readonly random: Random
}

/**
 * Zipf's law over a finite number of keys: the key of rank k (from 1) is asked for with a probability proportional to 1 / k^exponent.
 *
 * Sampled by rejection-inversion: W. Hörmann, G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions", ACM TOMACS 6(3), 1996. Exact, constant time whatever the number of keys, no table. `h` is the density's
 * continuous hat x^-exponent, `hIntegral` its integral; a draw u between the integral's ends is inverted to x, rounded to the rank k,
 * and kept when u lies under the bar of k.
 */
export function zipf({ items, exponent, random }: ZipfOptions): KeyDistribution {
  checkItems(items)
  if (!(exponent >= 0 && exponent <= 10)) throw new RangeError(`exponent: got ${exponent}, allowed is 0 to 10`)

  const h = (x: number) => Math.exp(-exponent * Math.log(x))
  const hIntegral = (x: number) => {
    const logX = Math.log(x)
    return expm1Ratio((1 - exponent) * logX) * logX
  }
  const hIntegralInverse = (y: number) => {
    const t = Math.max(-1, y * (1 - exponent))
    return Math.exp(log1pRatio(t) * y)
  }
  const first = hIntegral(1.5) - 1
  const last = hIntegral(items + 0.5)
  const shortcut = 2 - hIntegralInverse(hIntegral(2.5) - h(2))

  let total: number | undefined
  return {
    items,
    next() {
      while (true) {
        const u = last + random.next() * (first - last)
        const x = hIntegralInverse(u)
        const rank = Math.min(Math.max(Math.round(x), 1), items)
        if (rank - x <= shortcut || u >= hIntegral(rank + 0.5) - h(rank)) return rank - 1
      }
    },
    probability(rank) {
      total ??= harmonic(items, exponent)
      return rank >= 0 && rank < items ? h(rank + 1) / total : 0
    },
  }
}

/**
 * The share of requests that go to the `top` most popular keys: the best hit ratio that a cache of `top` entries can have in the
 * long run (perfect LFU, nothing expires).
 */
export function zipfTopShare(options: { readonly items: number; readonly exponent: number; readonly top: number }): number {
  checkItems(options.items)
  const top = Math.min(Math.max(options.top, 0), options.items)
  return harmonic(top, options.exponent) / harmonic(options.items, options.exponent)
}

/**
 * How many different keys are expected among the first `requests`: what an empty cache that forgets nothing has to load.
 */
export function zipfExpectedDistinct(options: { readonly items: number; readonly exponent: number; readonly requests: number }): number {
  checkItems(options.items)
  const total = harmonic(options.items, options.exponent)
  let distinct = 0
  for (let k = 1; k <= options.items; k++) distinct += -Math.expm1(options.requests * Math.log1p(-(k ** -options.exponent) / total))
  return distinct
}

/** Generalized harmonic number, added from the small end to keep the digits. */
function harmonic(items: number, exponent: number): number {
  let sum = 0
  for (let k = items; k >= 1; k--) sum += k ** -exponent
  return sum
}

/** (e^x − 1) / x, also near 0. */
function expm1Ratio(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.expm1(x) / x : 1 + (x / 2) * (1 + (x / 3) * (1 + x / 4))
}

/** ln(1 + x) / x, also near 0. */
function log1pRatio(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.log1p(x) / x : 1 - x * (1 / 2 - x * (1 / 3 - x / 4))
}
