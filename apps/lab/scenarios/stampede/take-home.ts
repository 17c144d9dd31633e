import { graceOf, type Parameters } from './parameters.ts'

/** The lines to paste, with the settings of the run. */
export function takeHomeCode(parameters: Parameters): string {
  const { ttl, beta, lease } = parameters
  return [
    "import { createCache } from 'tiercel'",
    "import { valkeyStore } from 'tiercel/stores/valkey'",
    '',
    'const cache = createCache({',
    "  namespace: 'airport',",
    '  l2: valkeyStore(client), // your live client, or a URL',
    `  ttl: ${ttl}, lease: ${lease}, // ms, or texts such as '5m'`,
    `  grace: ${graceOf(parameters)}, // serve what has expired while one process loads`,
    `  beta: ${beta}, // and begin to load before the end, by chance`,
    '})',
    '',
    'const busiestAirports = (firstDay, days) =>',
    "  cache.getOrSet(['busiest', firstDay, days], () => db.busiestAirports(firstDay, days))",
  ].join('\n')
}
