/**
 * What the reader may set: a typed schema that becomes the form in the page, the options on the command line and the query of the
 * address. One codec for all three, so that a link, a command and a form mean the same run.
 */
export type Parameter = ChoiceParameter | RangeParameter | NumberParameter | ToggleParameter

interface Described {
  readonly label: string
  /** One line under the control. */
  readonly about?: string
  /** Whether it waits behind "more settings", as most readers will leave it as it is. */
  readonly isDetail?: true
}

/** One of a few named values. */
export interface ChoiceParameter<V extends string = string> extends Described {
  readonly kind: 'choice'
  readonly options: readonly { readonly value: V; readonly label: string; readonly about?: string }[]
  readonly default: V
}

/** A number on a scale; the control is a slider. */
export interface RangeParameter extends Described {
  readonly kind: 'range'
  readonly min: number
  readonly max: number
  readonly step: number
  readonly unit?: string
  readonly default: number
}

/** A whole number within limits. */
export interface NumberParameter extends Described {
  readonly kind: 'number'
  readonly min: number
  readonly max: number
  readonly unit?: string
  readonly default: number
}

export interface ToggleParameter extends Described {
  readonly kind: 'toggle'
  readonly default: boolean
}

export type ParameterSchema = Readonly<Record<string, Parameter>>

export type ParameterValue = string | number | boolean

/** The values a schema describes. */
export type Values<S extends ParameterSchema> = string extends keyof S ? AnyValues : { readonly [Name in keyof S]: ValueOf<S[Name]> }

type ValueOf<P extends Parameter> = P extends { readonly kind: 'choice'; readonly options: readonly { readonly value: infer V }[] }
  ? V
  : P extends { readonly kind: 'toggle' }
    ? boolean
    : number

export type AnyValues = Readonly<Record<string, ParameterValue>>

export interface Settings<V = AnyValues> {
  readonly parameters: V
  readonly seed: number
}

export const defaultSeed = 42
export const largestSeed = 2 ** 31 - 1

/** What was given and what is allowed, one problem a line. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

export function defaultSettings(schema: ParameterSchema): Settings {
  const parameters = Object.fromEntries(Object.entries(schema).map(([name, parameter]) => [name, parameter.default]))
  return { parameters, seed: defaultSeed }
}

/**
 * Reads settings from texts by name: the query of an address, the options of a command. What is absent has its default.
 * @throws {ParameterError} unknown names, values that are not allowed
 */
export function parseSettings(schema: ParameterSchema, texts: Readonly<Record<string, string>>): Settings {
  return checkSettings(schema, Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, valueOf(schema[name], text)])))
}

/**
 * Checks settings that came as values: the body of a request, a saved run.
 * @throws {ParameterError} unknown names, values that are not allowed
 */
export function checkSettings(schema: ParameterSchema, given: Readonly<Record<string, unknown>>): Settings {
  const { seed = defaultSeed, ...values } = given
  const problems = Object.entries(values).flatMap(([name, value]) => {
    const parameter = Object.hasOwn(schema, name) ? schema[name] : undefined
    if (parameter === undefined) return [`${name}: there is no such parameter; there are ${[...Object.keys(schema), 'seed'].join(', ')}`]
    return isAllowed(parameter, value) ? [] : [`${name}: got ${show(value)}, allowed ${allowed(parameter)}`]
  })
  if (!isWhole(seed, 0, largestSeed)) problems.push(`seed: got ${show(seed)}, allowed is a whole number from 0 to ${largestSeed}`)
  if (problems.length > 0) throw new ParameterError(problems)
  return { parameters: { ...defaultSettings(schema).parameters, ...(values as AnyValues) }, seed: seed as number }
}

/** The query of the address at which these settings are found again, in the schema's order, the seed last. */
export function toQuery(schema: ParameterSchema, settings: Settings): string {
  const query = new URLSearchParams()
  for (const name of Object.keys(schema)) query.set(name, toText(settings.parameters[name]))
  query.set('seed', String(settings.seed))
  return query.toString()
}

/** What a value must be, in words. */
export function allowed(parameter: Parameter): string {
  switch (parameter.kind) {
    case 'choice':
      return `is one of ${parameter.options.map(({ value }) => value).join(', ')}`
    case 'toggle':
      return 'is on or off'
    case 'range':
      return `is a number from ${parameter.min} to ${parameter.max} in steps of ${parameter.step}`
    case 'number':
      return `is a whole number from ${parameter.min} to ${parameter.max}`
  }
}

export function isAllowed(parameter: Parameter, value: unknown): boolean {
  switch (parameter.kind) {
    case 'choice':
      return parameter.options.some((option) => option.value === value)
    case 'toggle':
      return typeof value === 'boolean'
    case 'range':
      return isOnScale(parameter, value)
    case 'number':
      return isWhole(value, parameter.min, parameter.max)
  }
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}

function isOnScale({ min, max, step }: RangeParameter, value: unknown): boolean {
  if (typeof value !== 'number' || !(value >= min && value <= max)) return false
  const steps = (value - min) / step
  return Math.abs(steps - Math.round(steps)) < 1e-6
}

/** Text that is no number stays text, so that the check can say what was given. */
function valueOf(parameter: Parameter | undefined, text: string): unknown {
  if (parameter?.kind === 'choice') return text
  if (parameter?.kind === 'toggle') return text === 'on' ? true : text === 'off' ? false : text
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

export function toText(value: ParameterValue | undefined): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value))
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
