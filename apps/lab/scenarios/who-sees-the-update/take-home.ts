import type { Parameters } from './parameters.ts'

/** The lines to paste, with the settings of the run. */
export function takeHomeCode({ maxStaleness, ttl }: Parameters): string {
  return [
    "import { createCache } from 'tiercel'",
    "import { valkeyStore } from 'tiercel/stores/valkey'",
    '',
    'const cache = createCache({',
    "  namespace: 'gates',",
    '  l2: valkeyStore(client), // your live client, or a URL',
    `  ttl: '${ttl}s',`,
    `  coherence: { maxStaleness: ${maxStaleness} }, // ms`,
    '})',
    '',
    "const gate = await cache.getOrSet(['gate', flight], () => db.gate(flight))",
    '',
    '// whoever changes it',
    "const { outcome } = await cache.mutate(['gate', flight], () => db.moveTo(flight, 'B7'))",
  ].join('\n')
}
