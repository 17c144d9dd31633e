import { crc32 } from 'node:zlib'
import { crc32Short, hashText } from '../kernel/hash.ts'
import { tokenBytes, writeToken } from '../kernel/token.ts'
import type { Seal } from './seal.ts'

/**
 * Wire version 1 of a stored entry. All numbers are little-endian, all instants are milliseconds of the server's clock,
 * rounded down: an entry never lives longer than it was given.
 *
 *     at  bytes
 *      0      1  kind: V value, L lease, F fence, E error marker; what follows is the layout of V
 *      1     12  version: random, unique; a refresh stores only over the version that it read
 *     13      1  state: bit 0 marked stale
 *     14      4  CRC-32 of bytes 0 to 13
 *     18      4  CRC-32 of all bytes from 22 on
 *     22      1  wire version, 1
 *     23      1  flags: bit 0 null, bit 1 absent, bit 2 the key is echoed, bit 3 sealed; any other is of a later version
 *     24      1  codec
 *     25      1  compression, 0 none; else the payload begins with 4 bytes, its size before it was compressed
 *     26      8  hash of the stored key
 *     34      6  created at
 *     40      6  stale at
 *     46      6  dead at
 *     52      4  cost of the load in µs
 *     56      2  number of tags
 *     58      4  bytes of echo and tags together
 *     62         echo, if flagged: 4 length, the path as UTF-8; then the tags: 2 length, name, 12 hard token, 12 soft token; then the payload
 *
 * Bytes 0 to 17 have a sum of their own because a server-side script rewrites 1 to 17 in place when an entry is marked stale.
 *
 * The payload of a sealed entry, also of a null, is what its seal made of it (`seal.ts`). A seal covers the stored key, all bytes from 22 to
 * the payload, and the payload: not the version and the stale mark, for the script's sake, and not the sums, which are for damage.
 */
export const wireVersion = 1
export const versionOffset = 1
/** Kind and version: what a refresh must find unchanged. */
export const versionPrefix: number = versionOffset + tokenBytes
export const headerBytes = 62
/** Enough first bytes to tell one content of a key from any other. */
export const prefixBytes = 64

const kindValue = 0x56
const stateOffset = 13
const stateSumOffset = 14
const bodySumOffset = 18
const bodyOffset = 22
const flagNull = 1
const flagAbsent = 2
const flagEcho = 4
const flagSealed = 8
const knownFlags = flagNull | flagAbsent | flagEcho | flagSealed
const stateStale = 1
const echoFixedBytes = 4
const tagFixedBytes = 2 + 2 * tokenBytes
const maxCostUs = 0xffff_ffff

/** What is stored beside the payload. */
export interface EntryHead {
  /** 12 bytes. Default: random. */
  readonly version?: Buffer | undefined
  /** The stored key. */
  readonly storedKey: string
  /** The path, when the stored key holds only its hash. */
  readonly echo?: string | undefined
  readonly codec: number
  /** Default: 0, none. */
  readonly compression?: number
  readonly createdAtMs: number
  readonly staleAtMs: number
  readonly deadAtMs: number
  readonly loadCostMs: number
  readonly tags?: readonly EntryTag[]
}

export interface EntryTag {
  readonly name: string
  /** 12 bytes. */
  readonly hardToken: Buffer
  /** 12 bytes. */
  readonly softToken: Buffer
}

/** What is stored: an encoded value, or one of the two that need no bytes. `absent` is "the source has none", told apart from its `null`. */
export type Content = { readonly payload: string | Buffer } | 'null' | 'absent'

export type Decoded =
  | DecodedEntry
  | { readonly kind: 'lease' | 'fence' | 'error' }
  | { readonly kind: 'rejected'; readonly reason: 'not-an-entry' | 'wire-version' | 'checksum' | 'other-key' }

export interface DecodedEntry {
  readonly kind: 'value'
  readonly isMarkedStale: boolean
  readonly isNull: boolean
  readonly isAbsent: boolean
  readonly codec: number
  readonly compression: number
  readonly isSealed: boolean
  readonly createdAtMs: number
  readonly staleAtMs: number
  readonly deadAtMs: number
  readonly loadCostMs: number
  readonly tagCount: number
  /** Where the payload starts. */
  readonly payloadStart: number
}

export function encodeEntry(head: EntryHead, content: Content, seal?: Seal): Buffer {
  const payload = typeof content === 'object' ? content.payload : ''
  const payloadBytes = (typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length) + (seal?.addedBytes ?? 0)
  const extraBytes = echoBytes(head.echo) + tagsBytes(head.tags)
  const bytes = Buffer.allocUnsafe(headerBytes + extraBytes + payloadBytes)
  bytes[0] = kindValue
  if (head.version === undefined) writeToken(bytes, versionOffset)
  else head.version.copy(bytes, versionOffset, 0, tokenBytes)
  bytes[stateOffset] = 0
  bytes.writeUInt32LE(crc32Short(bytes, 0, stateSumOffset), stateSumOffset)
  bytes[22] = wireVersion
  bytes[23] = flagsOf(head, content) | (seal === undefined ? 0 : flagSealed)
  bytes[24] = head.codec
  bytes[25] = head.compression ?? 0
  const [high, low] = hashText(head.storedKey)
  bytes.writeUInt32LE(high, 26)
  bytes.writeUInt32LE(low, 30)
  bytes.writeUIntLE(Math.floor(head.createdAtMs), 34, 6)
  bytes.writeUIntLE(Math.floor(head.staleAtMs), 40, 6)
  bytes.writeUIntLE(Math.floor(head.deadAtMs), 46, 6)
  bytes.writeUInt32LE(Math.min(Math.round(head.loadCostMs * 1_000), maxCostUs), 52)
  bytes.writeUInt16LE(head.tags?.length ?? 0, 56)
  bytes.writeUInt32LE(extraBytes, 58)
  const at = writeTags(bytes, head.tags, writeEcho(bytes, head.echo))
  if (seal !== undefined) writeSealed(bytes, at, payload, seal, head.storedKey)
  else if (typeof payload === 'string') bytes.write(payload, at)
  else payload.copy(bytes, at)
  bytes.writeUInt32LE(crc32(bytes.subarray(bodyOffset)), bodySumOffset)
  return bytes
}

/** The first bytes of a value of this version. */
export function valuePrefix(version: Buffer): Buffer {
  return Buffer.concat([Buffer.from([kindValue]), version])
}

/** What makes a value stale when written at `versionOffset`: a new version, the flag, and the sum of both. */
export function staleMark(): Buffer {
  const head = Buffer.alloc(bodySumOffset)
  head[0] = kindValue
  writeToken(head, versionOffset)
  head[stateOffset] = stateStale
  head.writeUInt32LE(crc32Short(head, 0, stateSumOffset), stateSumOffset)
  return head.subarray(versionOffset)
}

/** Reads a stored content. Never throws: whatever the bytes are, the answer says what they turned out to be. */
export function decodeEntry(bytes: Buffer, storedKey: string, echo: string | undefined): Decoded {
  const kind = bytes[0]
  if (kind !== kindValue) return otherKind(kind)
  if (bytes.length < headerBytes) return rejected('not-an-entry')
  if (read32(bytes, stateSumOffset) !== crc32Short(bytes, 0, stateSumOffset)) return rejected('not-an-entry')
  if (bytes[22] !== wireVersion) return rejected('wire-version')
  if (read32(bytes, bodySumOffset) !== crc32(bytes.subarray(bodyOffset))) return rejected('checksum')
  const [high, low] = hashText(storedKey)
  if (read32(bytes, 26) !== high || read32(bytes, 30) !== low) return rejected('other-key')
  const extraEnd = headerBytes + read32(bytes, 58)
  if (extraEnd > bytes.length) return rejected('checksum')
  const flags = bytes[23] as number
  if ((flags & ~knownFlags) !== 0) return rejected('wire-version')
  if ((flags & flagEcho) !== 0 && !echoes(bytes, echo)) return rejected('other-key')
  return {
    kind: 'value',
    isMarkedStale: ((bytes[stateOffset] as number) & stateStale) !== 0,
    isNull: (flags & flagNull) !== 0,
    isAbsent: (flags & flagAbsent) !== 0,
    codec: bytes[24] as number,
    compression: bytes[25] as number,
    isSealed: (flags & flagSealed) !== 0,
    createdAtMs: read48(bytes, 34),
    staleAtMs: read48(bytes, 40),
    deadAtMs: read48(bytes, 46),
    loadCostMs: read32(bytes, 52) / 1_000,
    tagCount: (bytes[56] as number) | ((bytes[57] as number) << 8),
    payloadStart: extraEnd,
  }
}

/** What a seal binds a payload to: its stored key, and all of the header that no script rewrites. */
export function sealedContext(bytes: Buffer, payloadStart: number, storedKey: string): Buffer {
  const keyBytes = Buffer.byteLength(storedKey)
  const context = Buffer.allocUnsafe(4 + keyBytes + payloadStart - bodyOffset)
  context.writeUInt32LE(keyBytes, 0)
  context.write(storedKey, 4)
  bytes.copy(context, 4 + keyBytes, bodyOffset, payloadStart)
  return context
}

/** Whether an entry that `decodeEntry` accepted carries one tag, that without a name, with these tokens. */
export function carriesAlone(bytes: Buffer, tagCount: number, hardToken: Buffer, softToken: Buffer): boolean {
  if (tagCount !== 1) return false
  const at = tagsStart(bytes)
  if (bytes[at] !== 0 || bytes[at + 1] !== 0) return false
  for (let i = 0; i < tokenBytes; i += 1) {
    if (bytes[at + 2 + i] !== hardToken[i] || bytes[at + 2 + tokenBytes + i] !== softToken[i]) return false
  }
  return true
}

/** The version of an entry, as Latin-1 text: cheap to keep and to compare. */
export function versionText(bytes: Buffer): string {
  return bytes.toString('latin1', versionOffset, versionPrefix)
}

/** All that an entry says of its tags, as Latin-1 text: equal texts, equal tags. */
export function tagsText(bytes: Buffer, payloadStart: number): string {
  return bytes.toString('latin1', tagsStart(bytes), payloadStart)
}

/** The tags of an entry that `decodeEntry` accepted. */
export function decodeTags(bytes: Buffer, tagCount: number): EntryTag[] {
  const tags: EntryTag[] = []
  let at = tagsStart(bytes)
  for (let i = 0; i < tagCount; i += 1) {
    const nameEnd = at + 2 + bytes.readUInt16LE(at)
    const name = bytes.toString('utf8', at + 2, nameEnd)
    tags.push({
      name,
      hardToken: bytes.subarray(nameEnd, nameEnd + tokenBytes),
      softToken: bytes.subarray(nameEnd + tokenBytes, nameEnd + 2 * tokenBytes),
    })
    at = nameEnd + 2 * tokenBytes
  }
  return tags
}

function tagsStart(bytes: Buffer): number {
  return ((bytes[23] as number) & flagEcho) === 0 ? headerBytes : headerBytes + echoFixedBytes + bytes.readUInt32LE(headerBytes)
}

function writeSealed(bytes: Buffer, at: number, payload: string | Buffer, seal: Seal, storedKey: string): void {
  const plain = typeof payload === 'string' ? Buffer.from(payload) : payload
  seal.seal(plain, sealedContext(bytes, at, storedKey)).copy(bytes, at)
}

function flagsOf(head: EntryHead, content: Content): number {
  return (content === 'null' ? flagNull : 0) | (content === 'absent' ? flagAbsent : 0) | (head.echo === undefined ? 0 : flagEcho)
}

/** Read by hand: the methods of Buffer check their arguments anew for each field. */
function read32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
  return low + (bytes[at + 3] as number) * 0x100_0000
}

function read48(bytes: Uint8Array, at: number): number {
  return read32(bytes, at) + ((bytes[at + 4] as number) | ((bytes[at + 5] as number) << 8)) * 0x1_0000_0000
}

function rejected(reason: 'not-an-entry' | 'wire-version' | 'checksum' | 'other-key'): Decoded {
  return { kind: 'rejected', reason }
}

function otherKind(kind: number | undefined): Decoded {
  if (kind === 0x4c) return { kind: 'lease' }
  if (kind === 0x46) return { kind: 'fence' }
  if (kind === 0x45) return { kind: 'error' }
  return rejected('not-an-entry')
}

function echoes(bytes: Buffer, path: string | undefined): boolean {
  const start = headerBytes + echoFixedBytes
  return path !== undefined && bytes.toString('utf8', start, start + bytes.readUInt32LE(headerBytes)) === path
}

function echoBytes(echo: string | undefined): number {
  return echo === undefined ? 0 : echoFixedBytes + Buffer.byteLength(echo)
}

function writeEcho(bytes: Buffer, echo: string | undefined): number {
  if (echo === undefined) return headerBytes
  const length = bytes.write(echo, headerBytes + echoFixedBytes)
  bytes.writeUInt32LE(length, headerBytes)
  return headerBytes + echoFixedBytes + length
}

function tagsBytes(tags: readonly EntryTag[] | undefined): number {
  let sum = 0
  for (const tag of tags ?? []) sum += tagFixedBytes + Buffer.byteLength(tag.name)
  return sum
}

function writeTags(bytes: Buffer, tags: readonly EntryTag[] | undefined, start: number): number {
  let at = start
  for (const tag of tags ?? []) {
    const nameBytes = bytes.write(tag.name, at + 2)
    bytes.writeUInt16LE(nameBytes, at)
    at += 2 + nameBytes
    at += tag.hardToken.copy(bytes, at, 0, tokenBytes)
    at += tag.softToken.copy(bytes, at, 0, tokenBytes)
  }
  return at
}
