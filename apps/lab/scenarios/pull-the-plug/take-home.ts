import type { Parameters } from './parameters.ts'

/** The lines to paste, with the settings of the run. */
export function takeHomeCode({ ttl, l1 }: Parameters): string {
  return [
    "import { createCache } from 'tiercel'",
    "import { valkeyStore } from 'tiercel/stores/valkey'",
    '',
    'const cache = createCache({',
    "  namespace: 'shop',",
    '  l2: valkeyStore(client, { timeout: 50 }), // one step on the server, ms',
    ...(l1 ? [] : ['  l1: false,']),
    `  ttl: '${ttl}s',`,
    "  grace: '1h', // and where the source fails as well, an older answer",
    '})',
    '',
    "const product = await cache.getOrSet(['product', id], () => db.product(id))",
    '',
    '// whoever changes it: applied now, or first of all when the server is back',
    "await cache.mutate(['product', id], () => db.rename(id, name))",
    '',
    '// for your health endpoint',
    'const { status, problems } = cache.health()',
  ].join('\n')
}
