import { UsageError } from './errors.ts'
import { show } from './show.ts'

/**
 * Refuses options that nobody knows: a misspelt option would silently do nothing.
 *
 * @throws {TIERCEL_UNKNOWN_OPTION} with the known names
 * @throws {TIERCEL_INVALID_OPTION} `given` is not an object
 */
export function checkOptionNames(given: object, known: readonly string[], call: string): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `${call}: options must be an object, not ${show(given)}.`)
  }
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new UsageError('TIERCEL_UNKNOWN_OPTION', `${call}: there is no option ${show(name)}. Known: ${known.join(', ')}.`)
    }
  }
}

/** @throws {TIERCEL_INVALID_OPTION} not a whole number within the range */
export function wholeNumber(given: number, min: number, max: number, option: string): number {
  if (Number.isInteger(given) && given >= min && given <= max) return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: a whole number from ${min} to ${max}.`)
}

/** @throws {TIERCEL_INVALID_OPTION} not a number from 0 to 1 */
export function fraction(given: number, option: string): number {
  if (typeof given === 'number' && given >= 0 && given <= 1) return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: a number from 0 to 1.`)
}

/** @throws {TIERCEL_INVALID_OPTION} not one of the words */
export function oneOf<T extends string>(given: T, allowed: readonly T[], option: string): T {
  if (allowed.includes(given)) return given
  throw new UsageError(
    'TIERCEL_INVALID_OPTION',
    `${option}: ${show(given)} is not allowed. Allowed: ${allowed.map((word) => `'${word}'`).join(', ')}.`,
  )
}

/** @throws {TIERCEL_INVALID_OPTION} neither an AbortSignal nor left out */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw new UsageError('TIERCEL_INVALID_OPTION', `signal: ${show(signal)} is not an AbortSignal.`)
}
