import { tokenBytes, writeToken } from '../kernel/token.ts'

/**
 * What a tag's key holds, wire version 1: `T`, 12 hard token, 12 soft token, and 16 digits, the number of the bump that made it. An entry is
 * valid while the hard token it was stored with is the one here, and fresh while the soft one is. Tokens are random: there is no order to
 * fall back in, and a tag that was lost and made again is another one.
 */
export const tagByte = 0x54
const numberDigits = 16
export const tagBytes: number = 1 + 2 * tokenBytes + numberDigits
/** Where the soft token starts; its number follows. */
export const softOffset: number = 1 + tokenBytes
const numberOffset = 1 + 2 * tokenBytes

/** Both halves of a new token, 24 bytes. */
export function newTokens(): Buffer {
  const tokens = Buffer.allocUnsafe(2 * tokenBytes)
  writeToken(tokens, 0)
  writeToken(tokens, tokenBytes)
  return tokens
}

export function encodeTag(tokens: Buffer, number: number): Buffer {
  return Buffer.concat([Buffer.from([tagByte]), tokens, Buffer.from(numberText(number), 'latin1')])
}

/** As a server-side script writes it. */
export function numberText(number: number): string {
  return String(number).padStart(numberDigits, '0')
}

export interface TagToken {
  /** 12 bytes, as Latin-1 text: cheap to keep and to compare. */
  readonly hard: string
  readonly soft: string
  /** The bump that made it. */
  readonly number: number
}

/** `undefined`: these bytes are no tag's. */
export function decodeTag(bytes: Buffer | undefined): TagToken | undefined {
  if (bytes === undefined || bytes.length !== tagBytes || bytes[0] !== tagByte) return undefined
  const number = Number(bytes.toString('latin1', numberOffset))
  if (!Number.isFinite(number)) return undefined
  return { hard: bytes.toString('latin1', 1, softOffset), soft: bytes.toString('latin1', softOffset, numberOffset), number }
}
