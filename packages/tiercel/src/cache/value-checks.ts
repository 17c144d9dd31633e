import { type ValueCheck, type Verdict, validate, validateStored } from '../codecs/schema.ts'
import { CodecError } from '../kernel/errors.ts'
import { freezeKinds } from '../kernel/frozen-kinds.ts'
import type { Tier } from '../telemetry/event.ts'
import type { Core } from './core.ts'
import type { Scope } from './scope.ts'

/** What a schema made of a value that is shared by all callers. */
interface Passed {
  readonly check: ValueCheck
  readonly verdict: Verdict
}

const passed = new WeakMap<object, Passed>()

/**
 * What a call's schema makes of a stored value, handed out for this caller. Of a value that is frozen, and whose outcome can be, it is kept: an L1 hit
 * is then not validated again by the same schema.
 */
export async function checkStored(stored: unknown, check: ValueCheck): Promise<Verdict> {
  const isShared = typeof stored === 'object' && stored !== null && Object.isFrozen(stored)
  const known = isShared ? passed.get(stored) : undefined
  if (known?.check.schema === check.schema && known.check.migrate === check.migrate) return known.verdict
  const verdict = await validateStored(check, stored)
  if (isShared && verdict.isValid && freezeKinds(verdict.value)) passed.set(stored, { check, verdict })
  return verdict
}

/** @throws {TIERCEL_SCHEMA_MISMATCH} */
export async function checkLoaded(core: Core, held: unknown, check: ValueCheck, key: string): Promise<void> {
  const verdict = await validate(check.schema, core.format.values.handOut(held))
  if (!verdict.isValid) throw mismatch(verdict.where, key)
}

export function mismatch(where: string, key: string): CodecError {
  const place = where === '' ? '' : `: look at ${where}`
  return new CodecError('TIERCEL_SCHEMA_MISMATCH', `What was loaded does not satisfy the schema of its call${place}.`, {
    operation: 'getOrSet',
    key,
  })
}

/** A hit that turned out to be none for this caller. */
export function reportRefusal(core: Core, scope: Scope, path: string, tier: Tier): void {
  const { counters, emitter } = core
  const hit = tier === 'l1' ? 'l1Hits' : 'l2Hits'
  const miss = tier === 'l1' ? 'l1Misses' : 'l2Misses'
  counters[hit] -= 1
  counters[miss] += 1
  counters.rejected += 1
  scope.l1?.delete(path)
  if (emitter.isHeard) emitter.emit({ type: 'read.rejected', namespace: scope.name, key: path, reason: 'schema' })
}
