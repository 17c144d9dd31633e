import { types } from 'node:util'
import { UsageError } from './errors.ts'
import { show } from './show.ts'

const maxDepth = 100

/**
 * The arguments of a call as text: equal arguments give equal text, different ones different text.
 *
 * Types stay apart (`1`, `'1'`, `1n`, `true`; `0`, `-0`; `null`, `undefined` and an argument that is not given); NaN equals itself. A Date counts by its
 * time, arrays, Maps, Sets and plain objects by content; the order of fields, of the entries of a Map and of the members of a Set does not count.
 * All else is refused: its content is not all there is to it. The text reads like the call: `("ZRH",3,Object("unit"="C"))`.
 *
 * @param call names the function in messages
 * @throws {TIERCEL_INVALID_ARGUMENT} with the argument and the path inside it
 */
export function argumentText(args: readonly unknown[], call: string): string {
  const texts = args.map((arg, at) => new ArgumentWriter(`${call}: argument ${at + 1}`).write(arg))
  return `(${texts.join(',')})`
}

/** Each text it writes has one reading: strings are quoted, everything else begins with a word or digit of its own and ends with its bracket. */
class ArgumentWriter {
  readonly #subject: string
  /** From the argument to where the writer is. */
  readonly #path: string[] = []
  readonly #ancestors: object[] = []

  constructor(subject: string) {
    this.#subject = subject
  }

  write(value: unknown): string {
    if (typeof value === 'string') return JSON.stringify(value)
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`
    if (typeof value === 'bigint') return `${value}n`
    if (value === undefined || value === null || typeof value === 'boolean') return `${value}`
    if (typeof value === 'object') return this.#object(value)
    throw this.#refuse(show(value))
  }

  #object(value: object): string {
    if (this.#ancestors.includes(value)) throw this.#refuse('a cycle')
    if (this.#ancestors.length === maxDepth) throw this.#refuse(`nested deeper than ${maxDepth} levels`)
    this.#ancestors.push(value)
    const text = this.#content(value)
    this.#ancestors.pop()
    return text
  }

  /** By prototype: an instance of a class, also of one that extends these, may hold what nobody can see. */
  #content(value: object): string {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.#refuse('an object with symbols for names')
    if (prototype === Object.prototype || prototype === null) return `Object(${this.#fields(value as Record<string, unknown>)})`
    if (prototype === Array.prototype) return this.#array(value as unknown[])
    const ownNames = Object.keys(value)
    if (ownNames.length === 0) {
      if (prototype === Date.prototype && types.isDate(value)) return this.#date(value)
      if (prototype === Map.prototype && types.isMap(value)) return `Map(${this.#entries(value)})`
      if (prototype === Set.prototype && types.isSet(value)) return `Set(${this.#members(value)})`
    }
    throw this.#refuse(instance(prototype))
  }

  #fields(value: Readonly<Record<string, unknown>>): string {
    const names = Object.keys(value).sort()
    return names.map((name) => `${JSON.stringify(name)}=${this.#within(fieldStep(name), value[name])}`).join(',')
  }

  #array(value: readonly unknown[]): string {
    const texts = Array.from(value, (item, at) => (at in value ? this.#within(`[${at}]`, item) : 'empty'))
    if (Object.keys(value).length > texts.filter((text) => text !== 'empty').length) throw this.#refuse('an array with named fields')
    return `[${texts.join(',')}]`
  }

  #date(value: Date): string {
    const atMs = value.getTime()
    if (Number.isNaN(atMs)) throw this.#refuse('an invalid Date')
    return `Date(${atMs})`
  }

  #entries(value: ReadonlyMap<unknown, unknown>): string {
    const texts = Array.from(value, ([key, item]) => `${this.#within('.keys()', key)}=${this.#within(`.get(${show(key)})`, item)}`)
    return texts.sort().join(',')
  }

  #members(value: ReadonlySet<unknown>): string {
    return Array.from(value, (item) => this.#within('.values()', item))
      .sort()
      .join(',')
  }

  #within(step: string, value: unknown): string {
    this.#path.push(step)
    const text = this.write(value)
    this.#path.pop()
    return text
  }

  #refuse(what: string): UsageError {
    const path = this.#path.length > 12 ? `${this.#path.slice(0, 12).join('')}…` : this.#path.join('')
    const where = path === '' ? '' : `, at ${path},`
    return new UsageError(
      'TIERCEL_INVALID_ARGUMENT',
      `${this.#subject}${where} is ${what}, which cannot be part of a key. Allowed: null, undefined, booleans, numbers, bigints, text, valid Dates, and arrays, Maps, Sets and plain objects of these. Pass what tells one call from another, such as an id.`,
    )
  }
}

function fieldStep(name: string): string {
  return /^[\w$]+$/.test(name) ? `.${name}` : `[${show(name)}]`
}

function instance(prototype: unknown): string {
  const made = (prototype as { constructor?: unknown }).constructor
  return typeof made === 'function' && made.name !== '' ? `an instance of ${made.name}` : 'an object with a prototype of its own'
}
