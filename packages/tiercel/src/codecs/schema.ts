import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'

/**
 * What a schema of zod, valibot, arktype and others is to us: version 1 of https://standardschema.dev, only the members that are used.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema takes: the form that is loaded and stored. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input']

/** What a schema makes of it: the form that callers get. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

export interface SchemaOptions<S extends StandardSchema> {
  /**
   * What a value must satisfy: on every read, and when it is loaded. A stored value that does not is a miss and a `read.rejected` event with the
   * reason `schema`; a loaded one rejects with `TIERCEL_SCHEMA_MISMATCH`. Stored is what the schema takes; callers get what it makes of it.
   */
  readonly schema: S
  /**
   * Makes of a stored value that does not satisfy the schema one that does; tried before it counts as a miss. Must not change what it is given.
   * What it returns is not stored: while a release rolls out, processes of the last one still read the old form. Default: none.
   */
  readonly migrate?: ((stored: unknown) => unknown) | undefined
}

/** Of any schema, and of none: the types of the contract tell callers which. */
export interface AnySchemaOptions {
  readonly schema?: StandardSchema | undefined
  readonly migrate?: ((stored: unknown) => unknown) | undefined
}

/** What one call asks of a value. */
export interface ValueCheck {
  readonly schema: StandardSchema
  readonly migrate: ((stored: unknown) => unknown) | undefined
}

export type Verdict = { readonly isValid: true; readonly value: unknown } | { readonly isValid: false; readonly where: string }

/** @throws {TIERCEL_INVALID_OPTION} */
export function valueCheck(options: AnySchemaOptions): ValueCheck | undefined {
  const { schema, migrate } = options
  if (migrate !== undefined && typeof migrate !== 'function') throw invalid(`migrate: ${show(migrate)} is not a function.`)
  if (schema === undefined) {
    if (migrate === undefined) return undefined
    throw invalid('migrate: without a schema nothing says what is to be migrated. Give a schema as well.')
  }
  if (schema?.['~standard']?.version !== 1 || typeof schema['~standard'].validate !== 'function') {
    throw invalid(
      `schema: ${show(schema)} is not a Standard Schema of version 1. Allowed: a schema of zod, valibot, arktype or another library that has them.`,
    )
  }
  return { schema, migrate }
}

/** Whether a loaded value satisfies a schema, and what that makes of it. A schema that throws has thrown. */
export async function validate(schema: StandardSchema, value: unknown): Promise<Verdict> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return { isValid: true, value: result.value }
  return { isValid: false, where: placeOf(result.issues[0]) }
}

/** Whether a stored value satisfies a schema, if need be once it is migrated. A schema or migration that throws has refused. */
export async function validateStored(check: ValueCheck, value: unknown): Promise<Verdict> {
  try {
    const verdict = await validate(check.schema, value)
    if (verdict.isValid || check.migrate === undefined) return verdict
    return await validate(check.schema, await check.migrate(value))
  } catch {
    return { isValid: false, where: '' }
  }
}

/** Where in the value an issue is, as text. Not its message: some libraries repeat the value in it, and no error of ours does. */
function placeOf(issue: SchemaIssue | undefined): string {
  const path = issue?.path ?? []
  return path.map((part) => `.${String(typeof part === 'object' ? part.key : part)}`).join('')
}

function invalid(message: string): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', message)
}
