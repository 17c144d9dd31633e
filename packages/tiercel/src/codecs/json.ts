import { types } from 'node:util'
import { show } from '../kernel/show.ts'
import { type Codec, codecIds } from './codec.ts'
import { unserializable } from './unserializable.ts'

/**
 * JSON that does not lie: what JSON would silently change (a Date into text, NaN into null, a Map into `{}`) or leave out (a function)
 * is refused with the path to it. Kept as JSON keeps them: an instance of a class becomes a plain object with its own fields, a property
 * that is `undefined` is left out, `-0` becomes `0`.
 */
export const jsonCodec: Codec & { decode(bytes: Buffer, start?: number): unknown } = {
  id: codecIds.json,
  name: 'json',
  isJsonLike: true,
  encode(value) {
    const problem = findProblem(value, 0, [])
    // A cycle is found late, so that its path goes round several times: looked for with suspicion from the start, it does not.
    if (problem !== undefined) {
      const { path, what } = findProblem(value, depthOfSuspicion, []) ?? problem
      throw unserializable(path.reverse(), what, limits)
    }
    return JSON.stringify(value)
  },
  decode: (bytes: Buffer, start?: number) => decodeAt(bytes, start ?? 0),
  decodeAt,
}

function decodeAt(bytes: Buffer, start: number): unknown {
  return JSON.parse(bytes.toString('utf8', start))
}

const limits =
  'which JSON cannot bring back as it was. Allowed: null, booleans, finite numbers, text, arrays and objects of these. Convert it before it is cached, for example a Date with toISOString().'

interface Problem {
  readonly what: string
  /** Innermost name first. */
  readonly path: (string | number)[]
}

/** Beyond this depth each level looks for itself among its ancestors; before it a cycle only costs time. */
const depthOfSuspicion = 64
const maxDepth = 1_000

function findProblem(value: unknown, depth: number, ancestors: unknown[]): Problem | undefined {
  if (typeof value === 'object') return value === null ? undefined : findInObject(value, depth, ancestors)
  if (typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return undefined
  return { what: show(value), path: [] }
}

function findInObject(value: object, depth: number, ancestors: unknown[]): Problem | undefined {
  if (ancestors.length >= maxDepth) return { what: `nested deeper than ${maxDepth} levels`, path: [] }
  if (depth >= depthOfSuspicion && ancestors.includes(value)) return { what: 'a cycle', path: [] }
  ancestors.push(value)
  const problem = Array.isArray(value) ? findInArray(value, depth, ancestors) : findInFields(value, depth, ancestors)
  ancestors.pop()
  return problem
}

function findInArray(value: readonly unknown[], depth: number, ancestors: unknown[]): Problem | undefined {
  for (let i = 0; i < value.length; i += 1) {
    const problem = findProblem(value[i], depth + 1, ancestors)
    if (problem !== undefined) return within(problem, i)
  }
  return undefined
}

function findInFields(value: object, depth: number, ancestors: unknown[]): Problem | undefined {
  const what = foreignKind(value)
  if (what !== undefined) return { what, path: [] }
  for (const name of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[name]
    if (field === undefined) continue
    const problem = findProblem(field, depth + 1, ancestors)
    if (problem !== undefined) return within(problem, name)
  }
  return undefined
}

/** The kind of an object whose content is not its fields; `undefined` for one that JSON keeps. */
function foreignKind(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (types.isDate(value)) return 'a Date'
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return `${show(value)} with a toJSON method`
  if (prototype === Object.prototype || prototype === null) return undefined
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  const isForeign =
    types.isMap(value) ||
    types.isSet(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isPromise(value) ||
    types.isRegExp(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    types.isNativeError(value) ||
    types.isBoxedPrimitive(value) ||
    types.isProxy(value)
  return isForeign ? `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag}` : undefined
}

function within(problem: Problem, name: string | number): Problem {
  problem.path.push(name)
  return problem
}
