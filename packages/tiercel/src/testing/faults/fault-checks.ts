import { UsageError } from '../../kernel/errors.ts'
import { wholeNumber } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'

/** @throws {TIERCEL_INVALID_OPTION} it does not hold */
export function checkPlain(holds: boolean, message: string): void {
  if (!holds) throw new UsageError('TIERCEL_INVALID_OPTION', message)
}

/** @throws {TIERCEL_INVALID_OPTION} neither left out nor a number in range */
export function amount(given: number | undefined, option: string, { isMoreThan0 = false }: { readonly isMoreThan0?: boolean } = {}): void {
  if (given === undefined || (Number.isFinite(given) && (isMoreThan0 ? given > 0 : given >= 0))) return
  throw new UsageError(
    'TIERCEL_INVALID_OPTION',
    `${option}: ${show(given)} is not allowed. Allowed: a number ${isMoreThan0 ? 'greater than' : 'from'} 0.`,
  )
}

/** @throws {TIERCEL_INVALID_OPTION} not a whole number from `min` */
export function wholeFrom(min: number, given: number, option: string): number {
  return wholeNumber(given, min, Number.MAX_SAFE_INTEGER, option)
}
