import type { Parameters } from './parameters.ts'

/** The lines to paste, with the settings of the run. */
export function takeHomeCode({ ttl }: Parameters): string {
  return [
    "import { createCache } from 'tiercel'",
    "import { valkeyStore } from 'tiercel/stores/valkey'",
    '',
    `const cache = createCache({ namespace: 'shop', l2: valkeyStore(client), ttl: '${ttl}s' })`,
    '',
    'const item = (id, category) =>',
    "  cache.getOrSet(['item', id], () => db.item(id), { tags: ['catalogue', ['category', category]] })",
    '',
    '// one command, whatever carries the tag',
    "await cache.invalidateTag(['category', 7])",
    '',
    '// or around the change itself, so that nothing loaded meanwhile is kept',
    "await cache.mutate({ tags: ['catalogue'] }, () => db.importCatalogue(file))",
  ].join('\n')
}
