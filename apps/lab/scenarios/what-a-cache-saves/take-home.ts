import type { Parameters } from './parameters.ts'

const functions = {
  flight: { name: 'flight', argument: 'flightId' },
  manifest: { name: 'manifest', argument: 'flightId' },
  itinerary: { name: 'itinerary', argument: 'passengerId' },
  busiest: { name: 'busiestAirports', argument: 'firstDay, days' },
} as const

/** The lines to paste, with the settings of the run. */
export function takeHomeCode({ query, ttl, l1 }: Parameters): string {
  const { name, argument } = functions[query]
  return [
    "import { createCache } from 'tiercel'",
    "import { valkeyStore } from 'tiercel/stores/valkey'",
    '',
    'const cache = createCache({',
    "  namespace: 'airport',",
    `  l1: ${l1 ? "{ maxBytes: '64mb' }" : 'false'},`,
    '  l2: valkeyStore(client), // your live client, or a URL',
    `  ttl: '${ttl}', jitter: 0.1,`,
    '})',
    '',
    `const ${name} = (${argument}) =>`,
    `  cache.getOrSet(['${query}', ${argument}], () => db.${name}(${argument}))`,
  ].join('\n')
}
