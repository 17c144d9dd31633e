import { prefixBytes } from '../codecs/envelope.ts'
import { type ValueCheck, type Verdict, validate, validateStored } from '../codecs/schema.ts'
import { CodecError } from '../kernel/errors.ts'
import { freezeKinds } from '../kernel/frozen-kinds.ts'
import type { Tier } from '../telemetry/event.ts'
import type { Core } from './core.ts'
import type { Found } from './found.ts'
import type { LoadRequest } from './load-request.ts'
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

/**
 * What the source does not have is not asked.
 *
 * @throws {TIERCEL_SCHEMA_MISMATCH}
 */
export async function checkLoaded(core: Core, held: unknown, check: ValueCheck, key: string): Promise<void> {
  if (held === undefined) return
  const verdict = await validate(check.schema, core.format.values.handOut(held))
  if (!verdict.isValid) throw mismatch('getOrSet', verdict.where, key)
}

/** @param where in the value, as a path; `''`: no place of it in particular */
export function mismatch(operation: 'getOrSet' | 'set', where: string, key: string): CodecError {
  const place = where === '' ? '' : `: look at ${where}`
  const what =
    operation === 'set' ? 'What was to be stored does not satisfy the schema' : 'What was loaded does not satisfy the schema of its call'
  return new CodecError('TIERCEL_SCHEMA_MISMATCH', `${what}${place}.`, { operation, key })
}

/** What L2 was found to hold, for a call with a schema: an entry that does not satisfy it is to be replaced by what is loaded. */
export async function checkFound(core: Core, request: LoadRequest, found: Found): Promise<Found> {
  const { check, scope, path } = request
  if (check === undefined || found.kind !== 'entry' || found.entry.value === undefined) return found
  const verdict = await checkStored(core.format.values.handOut(found.entry.value), check)
  if (verdict.isValid) return found
  reportRefusal(core, scope, path, 'l2')
  return { kind: 'unusable', prefix: Buffer.from(found.bytes.subarray(0, prefixBytes)) }
}

/**
 * A hit that turned out to be none for this caller.
 *
 * @param countedAs the tier that has counted a hit for it; `undefined`: L1 had it, and nobody has counted yet
 */
export function reportRefusal(core: Core, scope: Scope, path: string, countedAs: Tier | undefined): void {
  const { counters, emitter } = core
  if (countedAs === 'l1') counters.l1Hits -= 1
  if (countedAs === 'l2') counters.l2Hits -= 1
  counters[countedAs === 'l2' ? 'l2Misses' : 'l1Misses'] += 1
  counters.rejected += 1
  scope.l1?.delete(path)
  if (emitter.isHeard) emitter.emit({ type: 'read.rejected', namespace: scope.name, key: path, reason: 'schema' })
}
