import { deepFreeze } from '../kernel/freeze.ts'
import { freezeKinds } from '../kernel/frozen-kinds.ts'
import type { Codec } from './codec.ts'

/** What callers are handed: one shared frozen value, one shared value, or a copy each. */
export type ValueSharing = 'freeze' | 'share' | 'clone'

/**
 * The form in which a value waits for its callers, so that none can change what the next one gets.
 *
 * What can be frozen is frozen and shared. What cannot (bytes, class instances) is held encoded and decoded for each caller, and so is
 * everything that a caller is to get a copy of: a codec knows kinds that `structuredClone` does not, such as Buffer.
 */
export class Holding {
  /** Whether what is held is what is handed out: the hot path then has nothing to do. */
  readonly isAsIs: boolean
  readonly #sharing: ValueSharing

  constructor(codecs: readonly Codec[], sharing: ValueSharing) {
    this.#sharing = sharing
    this.isAsIs = sharing === 'share' || (sharing === 'freeze' && codecs.every((codec) => codec.isJsonLike === true))
  }

  /** @param bytes what `value` was decoded from, from `start` on */
  hold(value: unknown, codec: Codec, bytes: Buffer, start: number): unknown {
    if (typeof value !== 'object' || value === null || this.#sharing === 'share') return value
    if (codec.isJsonLike === true) return this.#sharing === 'freeze' ? deepFreeze(value) : value
    if (this.#sharing === 'freeze' && freezeKinds(value)) return value
    return new HeldBytes(codec, Buffer.from(bytes.subarray(start)))
  }

  handOut(held: unknown): unknown {
    if (held instanceof HeldBytes) return held.decode()
    return this.#sharing === 'clone' ? structuredClone(held) : held
  }
}

class HeldBytes {
  readonly #codec: Codec
  readonly #bytes: Buffer

  constructor(codec: Codec, bytes: Buffer) {
    this.#codec = codec
    this.#bytes = bytes
  }

  /** From a copy: a careless codec gives out views of what it reads. */
  decode(): unknown {
    return this.#codec.decode(Buffer.from(this.#bytes))
  }
}
