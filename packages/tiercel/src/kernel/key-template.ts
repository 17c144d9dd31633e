import { UsageError } from './errors.ts'
import type { KeyPart } from './key.ts'
import { show } from './show.ts'

/** What may stand for a parameter. Counts by its text: `7`, `'7'` and `7n` make one key. */
export type KeyParam = string | number | bigint

/** The parameters of a key template: `'route:{from}:{to}'` takes `{ from, to }`. */
export type KeyParams<Template extends string> = string extends Template
  ? Readonly<Record<string, KeyParam>>
  : { readonly [Name in NameIn<Template>]: KeyParam }

type NameIn<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}` ? Name | NameIn<Rest> : never

/** A template taken apart. */
export interface KeyTemplate {
  readonly text: string
  readonly segments: readonly Segment[]
  /** The names of the parameters, in order. */
  readonly names: readonly string[]
}

/** A literal as it stands in the key, or the name of the parameter that fills its place. */
export interface Segment {
  readonly text: string
  readonly isParam: boolean
}

const literal = /^[a-z0-9][a-z0-9_.-]*$/
const placeholder = /^\{([^{}]*)\}$/
const parameterName = /^[a-z][A-Za-z0-9_]*$/

/**
 * Takes a template apart and holds it against the naming rules: `object:identifier:field`, in lower case, with colons, the object first, no
 * segment empty, each parameter a segment of its own.
 *
 * @param what names the template in messages: `resource: key`
 * @throws {TIERCEL_INVALID_TEMPLATE} with the segment at fault and what to write instead
 */
export function parseTemplate(text: string, what: string): KeyTemplate {
  if (typeof text !== 'string' || text === '') {
    throw new UsageError('TIERCEL_INVALID_TEMPLATE', `${what}: a template is text such as 'product:{id}:details', not ${show(text)}.`)
  }
  const words = text.split(':')
  const names: string[] = []
  const segments = words.map((word, at): Segment => {
    const refuse = (problem: string): UsageError => invalid(what, text, at, problem)
    if (word === '') throw refuse(`is empty: ${emptyFix(at, words.length)}`)
    if (!word.includes('{') && !word.includes('}')) return { text: checkLiteral(word, refuse), isParam: false }
    const name = checkName(word, refuse)
    if (at === 0) throw refuse(`is a parameter, and a key begins with the name of its object: write 'product:${word}'`)
    if (names.includes(name)) throw refuse('is there already: give each parameter a name of its own')
    names.push(name)
    return { text: name, isParam: true }
  })
  return { text, segments, names }
}

/** The parts of the key for `params`, to be encoded by `joinKey`. */
export function fillTemplate({ text, segments }: KeyTemplate, params: Readonly<Record<string, KeyParam>>): readonly KeyPart[] {
  if (typeof params !== 'object' || params === null) throw missing(text, `parameters are needed as an object, not ${show(params)}`)
  const key: KeyPart[] = []
  for (const { text: part, isParam } of segments) key.push(isParam ? checkParam(text, part, params[part]) : part)
  return key
}

function checkParam(template: string, name: string, value: KeyParam | undefined): KeyParam {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  throw missing(template, `${name}: ${show(value)} cannot be a parameter; allowed are strings, finite numbers and bigints`)
}

/** The parameters again, of a key that `fillTemplate` made. */
export function readTemplate({ segments }: KeyTemplate, key: readonly KeyPart[]): Readonly<Record<string, KeyParam>> {
  const params: Record<string, KeyParam> = {}
  segments.forEach((segment, at) => {
    if (segment.isParam) params[segment.text] = key[at] as KeyParam
  })
  return params
}

/** Whether some parameters make the same key of both. */
export function isOverlapping(a: KeyTemplate, b: KeyTemplate): boolean {
  if (a.segments.length !== b.segments.length) return false
  return a.segments.every((own, at) => {
    const other = b.segments[at] as Segment
    return own.isParam || other.isParam || own.text === other.text
  })
}

type Refuse = (problem: string) => UsageError

function checkLiteral(word: string, refuse: Refuse): string {
  if (literal.test(word)) return word
  const lower = word.toLowerCase()
  if (literal.test(lower)) throw refuse(`is not in lower case: write ${show(lower)}`)
  throw refuse('is not allowed: write lower-case letters, digits, "_", "-" and ".", beginning with a letter or digit')
}

function checkName(word: string, refuse: Refuse): string {
  const name = placeholder.exec(word)?.[1]
  if (name === undefined) throw refuse("holds more or less than one parameter: a parameter is a segment of its own, such as 'v2:{id}'")
  if (!parameterName.test(name))
    throw refuse("has no proper name: begin with a lower-case letter and go on with letters and digits, as in '{productId}'")
  return name
}

function emptyFix(at: number, count: number): string {
  if (at === 0) return 'remove the colon at the beginning'
  return at === count - 1 ? 'remove the colon at the end' : 'remove one of two colons'
}

function invalid(what: string, text: string, at: number, problem: string): UsageError {
  const word = text.split(':')[at] as string
  const shown = word === '' ? '' : ` (${show(word)})`
  return new UsageError('TIERCEL_INVALID_TEMPLATE', `${what}: in ${show(text)} segment ${at + 1}${shown} ${problem}.`)
}

function missing(text: string, why: string): UsageError {
  return new UsageError('TIERCEL_INVALID_KEY', `A key of ${show(text)} cannot be made: ${why}.`, { key: text })
}
