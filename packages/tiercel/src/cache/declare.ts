import { type AnySchemaOptions, valueCheck } from '../codecs/schema.ts'
import { UsageError } from '../kernel/errors.ts'
import { parseTemplate } from '../kernel/key-template.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { batchBounds, batchOptionNames } from './batch-options.ts'
import { type Core, checkOpen } from './core.ts'
import { type BatchingCache, type Declaration, DeclaredResource } from './declared-resource.ts'
import { type Memoization, memoized } from './memoize.ts'
import type { MemoizedFunction, MemoizeOptions } from './memoized.ts'
import { callPolicy, policyOptionNames } from './policy.ts'
import type { Resource, ResourceDefinition, WritableResource, Writes } from './resource.ts'
import type { Scope } from './scope.ts'
import { sourceEnds } from './source-ends.ts'
import { checkTags } from './tag-names.ts'

/** Where something is declared. */
export interface Host {
  readonly cache: BatchingCache
  readonly core: Core
  readonly scope: Scope
}

/** With and without a schema, reading only or writing as well: which, the overloads of `Cache.resource` tell the caller. */
export type AnyDefinition<Template extends string, T> = ResourceDefinition<Template, T> & AnySchemaOptions & Partial<Writes<Template, T>>
export type AnyResource<Template extends string, T> = Resource<Template, T> & WritableResource<Template, T>

/** What a declaration may say of its values' life: what a call may, less what is one caller's own. */
const resourceOptionNames = [
  'key',
  'load',
  'loadMany',
  'source',
  'write',
  'tags',
  'schema',
  'migrate',
  ...batchOptionNames,
  ...policyOptionNames,
]
const memoizeOptionNames = ['name', ...policyOptionNames]

export function declareResource<Template extends string, T>(host: Host, definition: AnyDefinition<Template, T>): AnyResource<Template, T> {
  const { cache, core, scope } = host
  checkOpen(core)
  checkOptionNames(definition, resourceOptionNames, 'resource')
  const { key, load, loadMany, source, write, batchSize, batchWindow, tags, schema, migrate, ...options } = definition
  const template = parseTemplate(key, 'resource: key')
  if (template.names.length === 0) {
    const fix = `${key}:{id}`
    throw new UsageError(
      'TIERCEL_INVALID_TEMPLATE',
      `resource: key: ${show(key)} has no parameter, and would be a single key: write ${show(fix)}, or use getOrSet.`,
    )
  }
  const bounds = batchBounds(batchSize, batchWindow)
  const ends = sourceEnds({
    template: key,
    load,
    loadMany,
    source,
    write,
    batchSize: bounds.maxKeys,
    entryKeyOf: (path) => scope.storedKey(path).key,
  })
  callPolicy(core.policy, options, policyOptionNames, 'resource')
  checkTags(tags, 'resource', core.format)
  const check = valueCheck({ schema, migrate })
  scope.declarations.add(template, definition, 'resource: key')
  ends.register()
  const resource = new DeclaredResource<Template, T, T>(cache, { template, ...ends, tags, check, options, bounds } as Declaration)
  return resource as unknown as AnyResource<Template, T>
}

export function declareFunction<Args extends readonly unknown[], R>(
  host: Host,
  fn: (...args: Args) => R,
  given: MemoizeOptions,
): MemoizedFunction<Args, Awaited<R>> {
  const { cache, core, scope } = host
  checkOpen(core)
  if (typeof fn !== 'function') throw new UsageError('TIERCEL_INVALID_LOADER', `memoize: a function is needed, not ${show(fn)}.`)
  checkOptionNames(given, memoizeOptionNames, 'memoize')
  const { name, ...options } = given
  const { names } = parseTemplate(name, 'memoize: name')
  if (names.length > 0) {
    throw new UsageError('TIERCEL_INVALID_TEMPLATE', `memoize: name: ${show(name)} has a parameter; the arguments are added to the name.`)
  }
  callPolicy(core.policy, options, policyOptionNames, 'memoize')
  scope.declarations.add(parseTemplate(`${name}:{arguments}`, 'memoize: name'), fn, 'memoize: name')
  return memoized(cache, { fn, name, options } as Memoization<Args, Awaited<R>>)
}
