import { CodecError, TiercelError, UsageError } from '../kernel/errors.ts'
import type { Core } from './core.ts'
import type { Found } from './found.ts'
import type { LoadRequest } from './load-request.ts'

/** Errors that are remembered at a time. */
const mostFailures = 1_000

/** Whether others are told of it, so that they do not all repeat the load: what is this process's own affair is not. */
export function isOfSource(error: unknown): boolean {
  if (error instanceof UsageError || error instanceof CodecError) return false
  return !(error instanceof TiercelError && error.code === 'TIERCEL_LOAD_REFUSED')
}

export function failureOf(error: unknown): { name: string; message: string } {
  return error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) }
}

/** Keeps the error itself, for as long as its mark stands. */
export function rememberFailure(core: Core, { scope, path, policy }: LoadRequest, mark: Buffer, error: unknown): void {
  if (scope.failures.size >= mostFailures) return
  const failure = { mark, error }
  scope.failures.set(path, failure)
  core.startDeadline(policy.errorTtlMs, () => {
    if (scope.failures.get(path) === failure) scope.failures.delete(path)
  })
}

/** What the callers of a key get while its failure stands: in the process whose load failed, its own error. */
export function sharedFailure({ scope, path }: LoadRequest, { mark, failure }: Extract<Found, { kind: 'error' }>): unknown {
  const own = scope.failures.get(path)
  if (own?.mark.equals(mark)) return own.error
  const text = `The load of this key failed a moment ago and is not repeated yet: ${failure.name}: ${failure.message}`
  return new TiercelError('TIERCEL_LOAD_FAILED', text, { operation: 'getOrSet', key: path })
}
