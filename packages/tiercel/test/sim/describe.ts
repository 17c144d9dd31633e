import type { Reply, Word } from '../../src/client/client.ts'
import { ageTagsScript, fenceScript, snapScript } from '../../src/stores/fence-scripts.ts'
import { overwriteValue, putUnlessFenced, swapOver } from '../../src/stores/scripts.ts'

const scripts = [swapOver, putUnlessFenced, overwriteValue, fenceScript, snapScript, ageTagsScript]
const tokenBytes = 12
const itemBytes = 25

/** Says for people what travels: kinds of content, tokens by small numbers, scripts by their names. Random bytes do not show, so a seed always gives the same text. */
export class Describer {
  readonly #names: Map<string, string> = new Map()

  words(words: readonly Word[]): string {
    const [verb = '', code = '', count = '', ...args] = words
    if (verb === 'PUBLISH') return 'PUBLISH'
    if (verb !== 'EVAL' && verb !== 'EVALSHA') return words.map((word) => this.#word(word)).join(' ')
    const script = scripts.find(({ lua, sha1 }) => (verb === 'EVAL' ? lua : sha1) === String(code))
    const keyCount = Number(String(count))
    const keys = args.slice(0, keyCount).map((word) => this.#word(word))
    const rest = args
      .slice(keyCount)
      .map((word) => (script === overwriteValue && Buffer.isBuffer(word) ? this.#tokenAt(word, 0) : this.#word(word)))
    return `${script?.name}(${keys.join(', ')}; ${rest.join(', ')})`
  }

  reply(reply: Reply): string {
    if (reply instanceof Error) return reply.message
    if (Array.isArray(reply)) return `[${reply.map((item) => this.reply(item)).join(', ')}]`
    return reply === null ? 'nothing' : typeof reply === 'number' ? String(reply) : this.#bytes(reply)
  }

  key(key: string): string {
    return key.replace(/^tc1:r:([^:]*):(\w+)/, (_, name: string, version: string) => `tc1:r:${name}:${this.#token(version)}`)
  }

  #word(word: Word): string {
    return typeof word === 'string' ? (word.startsWith('tc1:') ? this.key(word) : word) : this.#bytes(word)
  }

  /** By length first: the first byte of a token is any. */
  #bytes(bytes: Buffer): string {
    if (bytes.length === tokenBytes || bytes.length === 2 * tokenBytes) {
      return Array.from({ length: bytes.length / tokenBytes }, (_, at) => this.#tokenAt(bytes, at * tokenBytes)).join('/')
    }
    const text = bytes.toString('latin1')
    const value = text.indexOf('{"row')
    switch (text[0]) {
      case 'V':
        return `V ${this.#tokenAt(bytes, 1)}${value < 0 ? '…' : ` ${text.slice(value)}`}`
      case 'L':
        return `L ${this.#tokenAt(bytes, 1)}`
      case 'T':
        return `T ${this.#tokenAt(bytes, 1)}/${this.#tokenAt(bytes, 1 + tokenBytes)} #${Number(text.slice(1 + 2 * tokenBytes))}`
      case 'F':
        return `F${text[1] ?? ''} of ${Math.floor((text.length - 2) / itemBytes)}`
      default:
        return `'${text}'`
    }
  }

  #tokenAt(bytes: Buffer, at: number): string {
    return this.#token(bytes.toString('hex', at, at + tokenBytes))
  }

  #token(hex: string): string {
    if (/^0+$/.test(hex)) return 'nobody'
    const known = this.#names.get(hex) ?? `~${this.#names.size + 1}`
    this.#names.set(hex, known)
    return known
  }
}
