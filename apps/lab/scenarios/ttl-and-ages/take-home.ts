import type { Parameters } from './parameters.ts'

/** The lines to paste, with the settings of the run. */
export function takeHomeCode({ ttl, grace, refreshAhead, timeout, backoff }: Parameters): string {
  const option = (isSet: boolean, line: string) => (isSet ? [line] : [])
  return [
    "import { createCache } from 'tiercel'",
    "import { valkeyStore } from 'tiercel/stores/valkey'",
    '',
    'const cache = createCache({',
    "  namespace: 'airport',",
    '  l2: valkeyStore(client), // your live client, or a URL',
    `  ttl: ${ttl}, // fresh up to this age; ms, or texts such as '5m'`,
    ...option(grace > 0, `  grace: ${grace}, // and stale for so long after it`),
    ...option(grace > 0, `  graceBackoff: ${backoff}, // after a failed refresh`),
    ...option(refreshAhead !== 'off', `  refreshAhead: ${refreshAhead}, // refreshed by a read after this part of the ttl`),
    ...option(timeout > 0, `  timeout: ${timeout}, // whoever refreshes waits so long for it`),
    '})',
    '',
    'const departures = (airport) =>',
    "  cache.getOrSet(['departures', airport], () => db.departures(airport))",
  ].join('\n')
}
