import { UsageError } from './errors.ts'
import { show } from './show.ts'

/**
 * What an entry is stored under.
 *
 * A string is a path that the programmer wrote, used as it is: parts separated by colons, none empty, without `%`, braces and control
 * characters. An array holds the parts themselves, and any text may be one: what comes from outside cannot reach another key.
 *
 * Both name the same entries: `'product:7'`, `['product', 7]` and `['product', '7']` are one key, so that an id finds its entry
 * whether it came from a URL or from a row. `['product:7']` is another one.
 */
export type Key = string | readonly KeyPart[]

/** Numbers must be finite; they, bigints and booleans count as their text. */
export type KeyPart = string | number | bigint | boolean

/** The root of every key in a server. The digit is the wire version: two versions that cannot read each other never meet. */
export const keyRoot = 'tc1'

/** The longest encoded path, in UTF-16 units. */
export const maxPathLength = 65_536

const emptyPart = '%_'
const percent = 0x25
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const del = 0x7f

/**
 * The path of an array key: injective over sequences of texts. Escaped are `%`, `:`, braces (they would choose the slot) and control
 * characters; everything else is itself, so a path stays readable.
 *
 * @throws {TIERCEL_INVALID_KEY}
 */
export function joinKey(parts: readonly KeyPart[]): string {
  if (!Array.isArray(parts)) throw invalid(parts, 'a key is a string or an array of strings, numbers, bigints and booleans')
  const count = parts.length
  if (count === 0) throw invalid(parts, 'an array key needs at least one part')
  let path = encodePart(parts[0], parts)
  for (let i = 1; i < count; i += 1) path += `:${encodePart(parts[i], parts)}`
  if (path.length > maxPathLength) throw invalid(parts, `its encoded path has ${path.length} characters, allowed are ${maxPathLength}`)
  return path
}

function encodePart(part: KeyPart | undefined, key: readonly KeyPart[]): string {
  if (typeof part === 'string') return escapePart(part, key)
  if (typeof part === 'number' && Number.isFinite(part)) return `${part}`
  if (typeof part === 'bigint' || typeof part === 'boolean') return `${part}`
  throw invalid(key, `${show(part)} cannot be a part; allowed are strings, finite numbers, bigints and booleans`)
}

function escapePart(text: string, key: readonly KeyPart[]): string {
  if (text === '') return emptyPart
  // Encoded it is no shorter: what comes from outside costs no more than a key may.
  if (text.length > maxPathLength) throw invalid(key, `a part has ${text.length} characters, allowed are ${maxPathLength}`)
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit > del) return escapeRest(text, i, key)
    if (isReserved(unit)) return escapeRest(text, i, key)
  }
  return text
}

/** The slow half: there is something to escape, or text beyond ASCII, which must be well formed. */
function escapeRest(text: string, from: number, key: readonly KeyPart[]): string {
  if (!text.isWellFormed()) throw invalid(key, 'it holds a lone surrogate, which UTF-8 cannot carry')
  let out = ''
  let copied = 0
  for (let i = from; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (!isReserved(unit)) continue
    out += text.slice(copied, i) + (escapes[unit] as string)
    copied = i + 1
  }
  return out + text.slice(copied)
}

/** By unit of ASCII. */
const escapes: readonly string[] = Array.from({ length: del + 1 }, (_, unit) => `%${unit.toString(16).toUpperCase().padStart(2, '0')}`)

/** The parts of a path, as texts: `joinKey` makes the same path of them. */
export function splitPath(path: string): string[] {
  return path.split(':').map((part) => {
    if (part === emptyPart) return ''
    return part.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  })
}

/** One part alone, as in a namespace's name; `extra` are further units to escape. */
export function encodeName(text: string, extra: string): string {
  let out = escapePart(text, [text])
  for (const unit of extra) out = out.replaceAll(unit, `%${unit.charCodeAt(0).toString(16).toUpperCase()}`)
  return out
}

function isReserved(unit: number): boolean {
  return unit < 0x20 || unit === colon || unit === percent || unit === openBrace || unit === closeBrace || unit === del
}

/**
 * Checks a string key.
 *
 * @throws {TIERCEL_INVALID_KEY} not text, empty, an empty part, a reserved character, a lone surrogate, too long
 */
export function checkPath(path: string): void {
  if (typeof path !== 'string') throw invalid(path, 'a key is a string or an array of strings, numbers, bigints and booleans')
  if (path === '') throw invalid(path, 'a key must not be empty')
  if (path.length > maxPathLength) throw invalid(path, `it has ${path.length} characters, allowed are ${maxPathLength}`)
  let partStart = 0
  for (let i = 0; i < path.length; i += 1) {
    const unit = path.charCodeAt(i)
    // Letters, digits and what lies between them: nearly all of nearly every key.
    if ((unit > colon && unit < openBrace) || (unit > percent && unit < colon)) continue
    if (unit === colon) {
      if (i === partStart) throw invalid(path, 'a part between colons is empty')
      partStart = i + 1
    } else if (isReserved(unit)) {
      throw invalid(path, `${show(path[i])} is reserved. Use an array for text that is not yours: ['user', id]`)
    }
  }
  if (partStart === path.length) throw invalid(path, 'it ends with a colon')
  if (!path.isWellFormed()) throw invalid(path, 'it holds a lone surrogate, which UTF-8 cannot carry')
}

function invalid(key: unknown, why: string): UsageError {
  const text = Array.isArray(key) ? `[${key.slice(0, 8).map(show).join(', ')}]` : show(key)
  return new UsageError('TIERCEL_INVALID_KEY', `Key ${text} is not allowed: ${why}.`, { key: text })
}
