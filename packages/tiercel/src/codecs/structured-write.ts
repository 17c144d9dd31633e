import { types } from 'node:util'
import { frozenDate, frozenMap, frozenSet } from '../kernel/frozen-kinds.ts'
import { show } from '../kernel/show.ts'
import { byteKinds, tagSign, tags } from './structured-tags.ts'
import { unserializable } from './unserializable.ts'

const maxDepth = 1_000
/** Beyond this depth each level looks for itself among its ancestors; before it a cycle only costs time. */
const depthOfSuspicion = 64

/**
 * The value as JSON can carry it: itself when there is nothing that JSON would change, else a copy along the paths to what was replaced.
 *
 * @throws {TIERCEL_UNSERIALIZABLE_VALUE}
 */
export function tagged(value: unknown): unknown {
  try {
    return new Tagger(depthOfSuspicion).tag(value)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw error.what === aCycle ? shortest(value, error) : toError(error)
  }
}

/**
 * Throws what refuses the value as bytes of another format would silently change it: functions, symbols, class instances, cycles.
 *
 * @throws {TIERCEL_UNSERIALIZABLE_VALUE}
 */
export const refuseForeign: (value: unknown) => void = tagged

const aCycle = 'a cycle'
const limits =
  'which cannot be brought back as it was. Allowed: null, booleans, numbers, bigints, text, undefined, arrays, plain objects, Date, Map, Set and bytes. Convert it before it is cached.'

class Refusal {
  readonly what: string
  readonly path: readonly (string | number)[]

  constructor(what: string, path: readonly (string | number)[]) {
    this.what = what
    this.path = path
  }
}

function toError(refusal: Refusal): Error {
  return unserializable(refusal.path, refusal.what, limits)
}

/** A cycle is found late, so that its path goes round several times: looked for with suspicion from the start, it does not. */
function shortest(value: unknown, found: Refusal): Error {
  try {
    new Tagger(0).tag(value)
  } catch (error) {
    if (error instanceof Refusal) return toError(error)
  }
  return toError(found)
}

class Tagger {
  readonly #suspicion: number
  readonly #path: (string | number)[] = []
  readonly #ancestors: object[] = []

  constructor(suspicion: number) {
    this.#suspicion = suspicion
  }

  tag(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : { [tags.number]: Object.is(value, -0) ? '-0' : String(value) }
      case 'object':
        return value === null ? null : this.#tagObject(value)
      case 'undefined':
        return { [tags.undefined]: 0 }
      case 'bigint':
        return { [tags.bigint]: String(value) }
      default:
        throw this.#refusal(show(value))
    }
  }

  #tagObject(value: object): unknown {
    if (this.#ancestors.length >= maxDepth) throw this.#refusal(`nested deeper than ${maxDepth} levels`)
    if (this.#ancestors.length >= this.#suspicion && this.#ancestors.includes(value)) throw this.#refusal(aCycle)
    const prototype: unknown = Object.getPrototypeOf(value)
    this.#ancestors.push(value)
    const isPlain = prototype === Object.prototype || prototype === null
    const isArray = prototype === Array.prototype
    const content = isPlain
      ? this.#tagFields(value as Fields)
      : isArray
        ? this.#tagElements(value as unknown[])
        : this.#tagKind(value, prototype)
    this.#ancestors.pop()
    return content
  }

  #tagChild(name: string | number, child: unknown): unknown {
    if (typeof child === 'string' || typeof child === 'boolean') return child
    this.#path.push(name)
    const content = this.tag(child)
    this.#path.pop()
    return content
  }

  #tagElements(elements: readonly unknown[]): readonly unknown[] {
    let copy: unknown[] | undefined
    for (let at = 0; at < elements.length; at += 1) {
      const element = elements[at]
      const content = element === undefined && !(at in elements) ? { [tags.hole]: 0 } : this.#tagChild(at, element)
      if (content !== element) copy ??= elements.slice(0, at)
      if (copy !== undefined) copy[at] = content
    }
    return copy ?? elements
  }

  #tagFields(fields: Fields): object {
    const names = Object.keys(fields)
    let copy: Fields | undefined
    for (const name of names) {
      const field = fields[name]
      const content = this.#tagChild(name, field)
      if (content !== field) copy ??= { ...fields }
      if (copy !== undefined) setOwn(copy, name, content)
    }
    const content = copy ?? fields
    const isLikeTag = names.length === 1 && (names[0] as string).startsWith(tagSign)
    return isLikeTag ? { [tags.escape]: content } : content
  }

  /** What stands behind a tag is tagged as the content of an array or object is: a Map's keys and values are named by their place. */
  #tagKind(value: object, prototype: unknown): object {
    if (prototype === Date.prototype || prototype === frozenDate) return { [tags.date]: Number.isNaN(+value) ? null : +value }
    if (prototype === Map.prototype || prototype === frozenMap) {
      return { [tags.map]: this.#tagElements([...(value as Map<unknown, unknown>)].flat(1)) }
    }
    if (prototype === Set.prototype || prototype === frozenSet) {
      return { [tags.set]: this.#tagElements([...(value as Set<unknown>)]) }
    }
    const kind = byteKind(value, prototype)
    if (kind !== undefined) return { [tags.bytes]: [kind, bytesOf(value as ArrayBuffer | ArrayBufferView).toString('base64')] }
    throw this.#refusal(`${show(value)} of a class`)
  }

  #refusal(what: string): Refusal {
    return new Refusal(what, [...this.#path])
  }
}

type Fields = Record<string, unknown>

/** A plain assignment to `__proto__` would set the prototype of the copy. */
function setOwn(target: Fields, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
}

function byteKind(value: object, prototype: unknown): string | undefined {
  if (prototype === Buffer.prototype) return 'Buffer'
  if (!ArrayBuffer.isView(value) && !types.isArrayBuffer(value)) return undefined
  const name = Object.prototype.toString.call(value).slice(8, -1)
  // An instance of a subclass would come back without what that adds.
  return byteKinds.has(name) && (globalThis as unknown as Fields & Record<string, { prototype: unknown }>)[name]?.prototype === prototype
    ? name
    : undefined
}

function bytesOf(value: ArrayBuffer | ArrayBufferView): Buffer {
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value)
}
