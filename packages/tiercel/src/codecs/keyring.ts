import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, wholeNumber } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { type SealKey, sealPrefixBytes } from './seal.ts'

export interface SealOptions {
  /** The first seals, all open. To rotate: put the new key second everywhere, then first, and drop the old one once its entries have run out. */
  readonly keys: readonly SealKey[]
}

/** What a scheme makes of a secret, by the id that entries name it by. */
export interface Keyring<K> {
  readonly newest: { readonly id: number; readonly key: K }
  readonly find: (id: number) => K | undefined
}

const maxId = 0xffff_ffff

/** @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} */
export function keyring<K>(
  options: SealOptions,
  scheme: {
    readonly call: string
    readonly accepts: (secretBytes: number) => boolean
    readonly needs: string
    readonly make: (secret: Buffer) => K
  },
): Keyring<K> {
  checkOptionNames(options, ['keys'], scheme.call)
  if (!Array.isArray(options.keys) || options.keys.length === 0) {
    throw invalid(`${scheme.call}.keys: ${show(options.keys)} is not allowed. Allowed: a list of at least one { id, secret }.`)
  }
  const keys = new Map<number, K>()
  for (const given of options.keys) {
    // What was given is never shown: it may be the secret.
    const { id, secret } = Object(given) as SealKey
    wholeNumber(id, 0, maxId, `${scheme.call}.keys.id`)
    if (keys.has(id)) throw invalid(`${scheme.call}.keys: the id ${id} stands twice in the list.`)
    if (!(secret instanceof Uint8Array))
      throw invalid(`${scheme.call}.keys: the secret of ${id} must be bytes: Buffer.from(text, 'base64').`)
    if (!scheme.accepts(secret.length))
      throw invalid(`${scheme.call}.keys: the secret of ${id} has ${secret.length} bytes. Needed: ${scheme.needs}.`)
    keys.set(id, scheme.make(Buffer.from(secret)))
  }
  const [newestId, newestKey] = keys.entries().next().value as [number, K]
  return { newest: { id: newestId, key: newestKey }, find: (id) => keys.get(id) }
}

/** Starts what a seal makes: room for all of it, with the scheme and the id of the key written. */
export function startSealed(scheme: number, keyId: number, lengthBytes: number): Buffer {
  const sealed = Buffer.allocUnsafe(lengthBytes)
  sealed[0] = scheme
  sealed.writeUInt32LE(keyId, 1)
  return sealed
}

/** The key that a sealed payload names; `undefined` when it is of another scheme, cut short, or its key is not here. */
export function keyOf<K>(ring: Keyring<K>, scheme: number, sealed: Buffer): K | undefined {
  return sealed.length >= sealPrefixBytes && sealed[0] === scheme ? ring.find(sealed.readUInt32LE(1)) : undefined
}

function invalid(message: string): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', message)
}
