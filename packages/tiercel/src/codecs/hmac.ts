import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { keyOf, keyring, type SealOptions, startSealed } from './keyring.ts'
import { type Seal, schemes, sealPrefixBytes } from './seal.ts'

const macBytes = 32
const minSecretBytes = 32

/**
 * Signs values with HMAC-SHA-256 over the stored key, the header and the payload: what somebody else changed, made up, or copied from another
 * key is a miss. They stay readable. An older value of the same key, put back before its time is over, is not told from the newer.
 *
 * Costs about what the JSON of 1 kB costs, on either side, and 37 bytes of room.
 *
 *     1 scheme, 4 id of the key, 32 HMAC-SHA-256(secret, context, payload), payload
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}
 * @example
 * createCache({ l2, signing: hmac({ keys: [{ id: 1, secret: Buffer.from(process.env.CACHE_KEY, 'base64') }] }) })
 */
export function hmac(options: SealOptions): Seal & { readonly kind: 'signing' } {
  const ring = keyring(options, {
    call: 'hmac',
    accepts: (bytes) => bytes >= minSecretBytes,
    needs: `at least ${minSecretBytes} random ones`,
    make: createSecretKey,
  })
  return {
    kind: 'signing',
    addedBytes: sealPrefixBytes + macBytes,
    seal(payload, context) {
      const { id, key } = ring.newest
      const sealed = startSealed(schemes.hmacSha256, id, sealPrefixBytes + macBytes + payload.length)
      macOf(key, context, payload).copy(sealed, sealPrefixBytes)
      payload.copy(sealed, sealPrefixBytes + macBytes)
      return sealed
    },
    open(sealed, context) {
      const key = keyOf(ring, schemes.hmacSha256, sealed)
      if (key === undefined) return 'unknown-key'
      if (sealed.length < sealPrefixBytes + macBytes) return 'forged'
      const payload = sealed.subarray(sealPrefixBytes + macBytes)
      const isGenuine = timingSafeEqual(macOf(key, context, payload), sealed.subarray(sealPrefixBytes, sealPrefixBytes + macBytes))
      return isGenuine ? payload : 'forged'
    },
  }
}

/** The context says in its first bytes how long its key is, and in its header how long the rest: no two pairs give the same bytes. */
function macOf(key: KeyObject, context: Buffer, payload: Buffer): Buffer {
  return createHmac('sha256', key).update(context).update(payload).digest()
}
