import { tokenBytes, writeToken } from '../kernel/token.ts'

/**
 * What a key holds while it has no value, wire version 1. Numbers are little-endian.
 *
 *     L lease    at 1: 12 token   13: 4 length in ms
 *     E error    at 1: 1 length of the name   2: name, then the message, both UTF-8
 *     F fence    begins with F; the rest is its owners'
 */
const leaseByte = 0x4c
const errorByte = 0x45
const leaseBytes = 1 + tokenBytes + 4
/** So that a lease of a strange process keeps nobody waiting for days. */
const longestLeaseMs = 600_000
const maxNameBytes = 64
const maxMessageLength = 200

/** The right to fill one key, as it stands in the key: nobody else has these bytes. */
export function newLease(lengthMs: number): Buffer {
  const lease = Buffer.alloc(leaseBytes)
  lease[0] = leaseByte
  writeToken(lease, 1)
  lease.writeUInt32LE(lengthMs, 1 + tokenBytes)
  return lease
}

/** What is stored under a lease has the lease's token for its version. */
export function versionOf(lease: Buffer): Buffer {
  return lease.subarray(1, 1 + tokenBytes)
}

/** How long a lease was taken for, in ms; one that says nothing sensible is over at once. */
export function leaseLengthMs(lease: Buffer): number {
  return lease.length < leaseBytes ? 0 : Math.min(lease.readUInt32LE(1 + tokenBytes), longestLeaseMs)
}

/** What is told of a failed load: its kind, and the beginning of its message. */
export interface SharedFailure {
  readonly name: string
  readonly message: string
}

export function encodeFailure({ name, message }: SharedFailure): Buffer {
  const nameBytes = Buffer.from(name).subarray(0, maxNameBytes)
  return Buffer.concat([
    Buffer.from([errorByte, nameBytes.length]),
    nameBytes,
    Buffer.from(message.slice(0, maxMessageLength).toWellFormed()),
  ])
}

/** Never throws: whatever the bytes are, there is something to say. */
export function decodeFailure(bytes: Buffer): SharedFailure {
  const nameEnd = 2 + (bytes[1] ?? 0)
  return { name: bytes.toString('utf8', 2, nameEnd) || 'Error', message: bytes.toString('utf8', nameEnd) }
}
