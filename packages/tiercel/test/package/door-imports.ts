/**
 * Everything that loading a door brings in from outside the package, exactly. None but Node's own modules: clients, databases,
 * frameworks and models are handed in.
 */
export const doorImports: Readonly<Record<string, readonly string[]>> = {
  tiercel: ['node:async_hooks', 'node:crypto', 'node:util', 'node:zlib'],
  'tiercel/client': ['node:crypto'],
  'tiercel/client/glide': [],
  'tiercel/client/ioredis': [],
  'tiercel/client/node-redis': [],
  'tiercel/codecs': ['node:crypto', 'node:util', 'node:zlib'],
  'tiercel/sources': [],
  'tiercel/sources/fetch': ['node:crypto'],
  'tiercel/sources/kysely': [],
  'tiercel/sources/pg': [],
  'tiercel/stores/memory': ['node:crypto'],
  'tiercel/stores/valkey': ['node:crypto'],
  'tiercel/testing': ['node:assert/strict', 'node:crypto', 'node:events', 'node:net'],
  'tiercel/verify': ['node:util'],
  'tiercel/write-behind': ['node:crypto', 'node:util'],
}
