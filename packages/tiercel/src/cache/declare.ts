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
import type { Resource, ResourceDefinition } from './resource.ts'
import type { Scope } from './scope.ts'
import { checkTags } from './tag-names.ts'

/** Where something is declared. */
export interface Host {
  readonly cache: BatchingCache
  readonly core: Core
  readonly scope: Scope
}

/** What a declaration may say of its values' life: what a call may, less what is one caller's own. */
const resourceOptionNames = ['key', 'load', 'loadMany', 'tags', 'schema', 'migrate', ...batchOptionNames, ...policyOptionNames]
const memoizeOptionNames = ['name', ...policyOptionNames]

export function declareResource<Template extends string, T>(
  host: Host,
  definition: ResourceDefinition<Template, T> & AnySchemaOptions,
): Resource<Template, T> {
  const { cache, core, scope } = host
  checkOpen(core)
  checkOptionNames(definition, resourceOptionNames, 'resource')
  const { key, load, loadMany, batchSize, batchWindow, tags, schema, migrate, ...options } = definition
  const template = parseTemplate(key, 'resource: key')
  if (template.names.length === 0) {
    const fix = `${key}:{id}`
    throw new UsageError(
      'TIERCEL_INVALID_TEMPLATE',
      `resource: key: ${show(key)} has no parameter, and would be a single key: write ${show(fix)}, or use getOrSet.`,
    )
  }
  checkLoader('load', load)
  checkLoader('loadMany', loadMany)
  if (load === undefined && loadMany === undefined) {
    throw new UsageError('TIERCEL_INVALID_LOADER', 'resource: a load or loadMany function is needed.')
  }
  callPolicy(core.policy, options, policyOptionNames, 'resource')
  checkTags(tags, 'resource', core.format)
  const check = valueCheck({ schema, migrate })
  const bounds = batchBounds(batchSize, batchWindow)
  scope.declarations.add(template, definition, 'resource: key')
  return new DeclaredResource(cache, { template, load, loadMany, tags, check, options, bounds } as Declaration)
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

function checkLoader(name: string, given: unknown): void {
  if (given === undefined || typeof given === 'function') return
  throw new UsageError('TIERCEL_INVALID_LOADER', `resource: ${name} must be a function, not ${show(given)}.`)
}
