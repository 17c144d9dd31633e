import type { Random } from '@tiercel/workloads'
import type { Word } from '../../../src/client/client.ts'
import type { Script } from '../../../src/client/script.ts'
import { ageTagsScript, fenceScript, snapScript } from '../../../src/stores/fence-scripts.ts'
import { overwriteValue, putUnlessFenced, swapOver } from '../../../src/stores/scripts.ts'

export const entries = ['tc1:e:m:a', 'tc1:e:m:b', 'tc1:r:m:0001'] as const
export const tags = ['tc1:t:{m:}', 'tc1:t:{m:}s', 'tc1:t:{m:}x'] as const
export const counter = 'tc1:n:{m:}'
export const allKeys: readonly string[] = [...entries, ...tags, counter]
export const prefixes: readonly string[] = ['tc1:e:m:', 'tc1:t:{m:}']
export const channel = 'tc1:b:m'

/** A command, and whether what it does is over a moment later, which cannot be compared before. */
export interface Drawn {
  readonly words: readonly Word[]
  readonly isShort: boolean
}

const longMs = 60_000
const owners = ['\x01', '\x02', '\xfe'].map((byte) => Buffer.from(byte.repeat(12), 'latin1'))
const deadlines = ['0000000000001', '1600000000000', '9999999999999', 'not a number!']

/** Draws what Tiercel might send, and what it would not: right and wrong expectations, contents of every kind, keys of other types. */
export class RandomCommands {
  readonly #random: Random
  readonly #contentOf: (key: string) => Buffer | undefined
  /** What comes next, to meet what was just put. */
  #next: readonly Word[] | undefined

  /** @param contentOf what a key holds now: some expectations are to be right */
  constructor(random: Random, contentOf: (key: string) => Buffer | undefined) {
    this.#random = random
    this.#contentOf = contentOf
  }

  draw(): Drawn {
    const next = this.#next
    this.#next = undefined
    if (next !== undefined) return { words: next, isShort: false }
    const isShort = this.#chance(0.08)
    const lifeMs = isShort ? this.#oneOf(['1', '3']) : this.#oneOf([String(longMs), String(2 * longMs)])
    const key = this.#oneOf(allKeys)
    const draw = this.#oneOf<() => readonly Word[]>([
      () => ['GET', key],
      () => ['MGET', ...allKeys.filter(() => this.#chance(0.5)), key],
      () => ['GETRANGE', key, '0', this.#oneOf(['0', '12', '63', '-1'])],
      () => ['SET', key, this.#content()],
      () => ['SET', key, this.#content(), 'PX', lifeMs],
      () => ['SET', key, this.#content(), 'NX', 'GET', 'PX', lifeMs],
      () => ['SET', key, this.#content(), 'IFEQ', this.#expected(key), 'PX', lifeMs],
      () => ['SET', key, this.#content(), 'PX', this.#oneOf(['0', '-1', 'x'])],
      () => ['SETRANGE', key, this.#oneOf(['0', '1', '13']), this.#oneOf([Buffer.from('1'), this.#content()])],
      () => [this.#oneOf(['DEL', 'UNLINK']), key, this.#oneOf(allKeys)],
      () => ['DELIFEQ', key, this.#expected(key)],
      () => ['INCR', counter],
      () => ['PEXPIRE', key, this.#oneOf([lifeMs, '0'])],
      () => ['RPUSH', key, 'item'],
      () => ['PUBLISH', channel, this.#content()],
      () => this.#swap(lifeMs),
      () => this.#swap(lifeMs),
      () => this.#put(lifeMs),
      () => this.#call(overwriteValue, [this.#oneOf(entries)], ['1', Buffer.alloc(17, this.#random.integer(256))]),
      () => this.#fence(isShort),
      () => this.#fence(isShort),
      () => this.#fence(isShort),
      () => this.#snap(lifeMs),
      () => this.#snap(lifeMs),
      () => this.#fenceAndClose(),
      () => this.#fenceAndClose(),
      () => this.#fenceAndSnap(),
      () => this.#call(ageTagsScript, [...this.#someTags(), counter], [this.#bytes(12), this.#bytes(12), this.#bytes(12)]),
    ])
    if (this.#chance(0.01)) return { words: [this.#oneOf(['FLUSHALL', 'PING'])], isShort: false }
    if (this.#chance(0.02)) return { words: ['SCRIPT', 'FLUSH'], isShort: false }
    return { words: draw(), isShort }
  }

  #swap(lifeMs: string): readonly Word[] {
    const key = this.#oneOf(allKeys)
    const value = this.#chance(0.2) ? '' : this.#content()
    return this.#call(swapOver, [key], [this.#expected(key, true), value, lifeMs])
  }

  #put(lifeMs: string): readonly Word[] {
    const notAfterMs = this.#chance(0.8) ? '9999999999999.5' : '1600000000000'
    return this.#call(putUnlessFenced, [this.#oneOf(entries)], [this.#content(), lifeMs, notAfterMs])
  }

  #fence(isShort: boolean): readonly Word[] {
    const isTag = this.#chance(0.4)
    const keys = isTag ? [...this.#someTags(), counter] : [this.#oneOf(entries), ...(this.#chance(0.3) ? [this.#oneOf(entries)] : [])]
    const isOpen = this.#chance(0.5)
    const op = isOpen ? (this.#chance(0.3) ? 'renew' : 'open') : 'close'
    const forMs = isShort ? '2' : isOpen || this.#chance(0.3) ? String(longMs) : '0'
    const owner = isOpen || this.#chance(0.7) ? this.#oneOf(owners) : ''
    const value = !isOpen && this.#chance(0.4) ? this.#content() : ''
    return this.#call(fenceScript, keys, [op, owner, forMs, value, String(2 * longMs), isTag ? '1' : '0'])
  }

  /** A fence of every kind, and then the close that its owner would send. */
  #fenceAndClose(): readonly Word[] {
    const key = this.#oneOf(entries)
    const forMs = this.#oneOf(['0', '0', String(longMs)])
    const value = this.#chance(0.7) ? this.#content() : ''
    this.#next = this.#call(fenceScript, [key], ['close', this.#oneOf(owners), forMs, value, String(longMs), '0'])
    return ['SET', key, this.#fenceContent()]
  }

  #fenceAndSnap(): readonly Word[] {
    const keys = this.#someTags()
    this.#next = this.#snap(String(longMs), keys)
    return ['SET', keys[0] as string, this.#fenceContent()]
  }

  #fenceContent(): Buffer {
    const items = Array.from({ length: this.#oneOf([0, 1, 1, 2, 3, 63, 64, 65]) }, () => [
      this.#oneOf(owners),
      Buffer.from(this.#oneOf(deadlines)),
    ])
    return Buffer.concat([Buffer.from(`F${this.#oneOf(['0', '1'])}`), ...items.flat()])
  }

  #snap(lifeMs: string, keys: readonly string[] = this.#someTags()): readonly Word[] {
    const args = keys.flatMap(() => [this.#chance(0.3) ? '' : lifeMs, this.#bytes(24)])
    return this.#call(snapScript, [counter, ...keys], args)
  }

  #call(script: Script, keys: readonly string[], args: readonly Word[]): readonly Word[] {
    const isBrought = this.#chance(0.6)
    return [isBrought ? 'EVAL' : 'EVALSHA', isBrought ? script.lua : script.sha1, String(keys.length), ...keys, ...args]
  }

  #someTags(): string[] {
    const some = tags.filter(() => this.#chance(0.5))
    return some.length > 0 ? some : [tags[1]]
  }

  #expected(key: string, mayBePart = false): Word {
    const present = this.#contentOf(key)
    if (present === undefined || present.length === 0 || this.#chance(0.3)) return this.#content()
    return mayBePart && this.#chance(0.5) ? present.subarray(0, 1 + this.#random.integer(present.length)) : present
  }

  #content(): Buffer {
    switch (this.#random.integer(7)) {
      case 0:
        return Buffer.concat([Buffer.from('V'), this.#bytes(12), Buffer.alloc(5), this.#bytes(8)])
      case 1:
        return Buffer.concat([Buffer.from('L'), this.#bytes(12), Buffer.alloc(4, 3)])
      case 2:
        return this.#fenceContent()
      case 3:
        return Buffer.concat([Buffer.from('T'), this.#bytes(24), Buffer.from(String(this.#random.integer(9)).padStart(16, '0'))])
      case 4:
        return Buffer.from(String(this.#random.integer(100)))
      case 5:
        return Buffer.from('F')
      default:
        return this.#bytes(this.#oneOf([1, 12, 41]))
    }
  }

  /** Few different ones, so that they meet again. */
  #bytes(length: number): Buffer {
    return Buffer.alloc(length, this.#random.integer(4) + 250)
  }

  #oneOf<T>(all: readonly T[]): T {
    return all[this.#random.integer(all.length)] as T
  }

  #chance(of: number): boolean {
    return this.#random.next() < of
  }
}
