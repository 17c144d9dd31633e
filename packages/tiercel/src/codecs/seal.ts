/**
 * A seal keeps a payload from being changed or read by whoever can write to, or read from, the server.
 *
 * What it makes of a payload begins with one byte for the scheme and four for the id of the key. It is bound to a context (the stored key and
 * the entry's header): opened in another one, it does not hold. The newest key, the first, seals; all open.
 */
export interface Seal {
  readonly kind: 'encryption' | 'signing'
  /** How much longer a payload becomes. */
  readonly addedBytes: number
  seal(payload: Buffer, context: Buffer): Buffer
  /** The payload, or why there is none. Never throws. */
  open(sealed: Buffer, context: Buffer): Buffer | 'unknown-key' | 'forged'
}

/** The numbers of the schemes. None is ever given to another. */
export const schemes = { hmacSha256: 1, aes256Gcm: 2 } as const

/** The scheme and the id of the key. */
export const sealPrefixBytes = 5

/** A secret and the number that entries name it by. */
export interface SealKey {
  /** 0 to 4,294,967,295; a date such as 20260701 is easy to keep apart. Never used again for another secret. */
  readonly id: number
  /** Random bytes: 32 for encryption, at least 32 for signing. Text is refused: `Buffer.from(text, 'base64')`. */
  readonly secret: Uint8Array
}
