import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import { type Codec, codecIds } from './codec.ts'

/** The members of superjson that are used. */
export interface SuperJsonLike {
  stringify(value: never): string
  parse(text: string): unknown
}

/**
 * superjson, which you install and set up: keeps what it keeps, with the classes that you registered. What it drops in silence (functions)
 * is dropped here as well. Its encoding takes about ten times as long as JSON's.
 *
 * @throws {TIERCEL_INVALID_OPTION} it has no stringify and parse
 */
export function superjsonCodec(superjson: SuperJsonLike): Codec {
  if (typeof superjson?.stringify !== 'function' || typeof superjson.parse !== 'function') {
    throw new UsageError(
      'TIERCEL_INVALID_OPTION',
      `superjsonCodec: ${show(superjson)} has no stringify and parse. Hand in what the package superjson exports.`,
    )
  }
  return {
    id: codecIds.superjson,
    name: 'superjson',
    encode: (value) => superjson.stringify(value as never),
    decode: (bytes) => superjson.parse(bytes.toString('utf8')),
  }
}
