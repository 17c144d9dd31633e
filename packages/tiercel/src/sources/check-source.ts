import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import type { Source } from './source.ts'

const members = ['load', 'loadMany', 'store', 'storeMany', 'remove'] as const

/**
 * Refuses what is no source, when it is handed in and not when it is first needed.
 *
 * @param call names the source in messages: `resource: source`
 * @throws {TIERCEL_INVALID_OPTION} no object, a member that is no function, or none of the members
 */
export function checkSource<Params, T>(given: Source<Params, T>, call: string): Source<Params, T> {
  if (typeof given !== 'object' || given === null) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `${call}: a source is an object with functions, not ${show(given)}.`)
  }
  for (const name of members) {
    const member: unknown = given[name]
    if (member === undefined || typeof member === 'function') continue
    throw new UsageError('TIERCEL_INVALID_OPTION', `${call}.${name}: ${show(member)} is not a function.`)
  }
  if (members.every((name) => given[name] === undefined)) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `${call}: there is none of ${members.join(', ')}: a source has at least one.`)
  }
  return given
}
