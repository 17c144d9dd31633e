import { CodecError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'

const shownSteps = 12

/**
 * Says where in a value the thing is that cannot be kept.
 *
 * @param path outermost name first
 * @param limits what cannot be done with it, and what is allowed
 */
export function unserializable(path: readonly (string | number)[], what: string, limits: string): CodecError {
  const shown = path.slice(0, shownSteps).map(step).join('')
  const rest = path.length > shownSteps ? '…' : ''
  const where = shown === '' ? 'The value' : `The value at ${shown}${rest}`
  return new CodecError('TIERCEL_UNSERIALIZABLE_VALUE', `${where} is ${what}, ${limits}`)
}

function step(name: string | number): string {
  return typeof name === 'number' ? `[${name}]` : /^[\w$]+$/.test(name) ? `.${name}` : `[${show(name)}]`
}
