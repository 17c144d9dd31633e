import { type Clock, startTimer } from '../../kernel/clock.ts'
import { DeadlineError } from '../../kernel/errors.ts'

/**
 * Calls a source and waits for it no longer than it is worth: until `signal` fires, or the time is over. It is told by its signal; what it does after that has nobody who waits for it.
 *
 * @throws {TIERCEL_LOAD_DEADLINE} it took too long
 */
export async function bounded<T>(
  call: (signal: AbortSignal) => T | Promise<T>,
  { signal, timeoutMs, clock }: { readonly signal: AbortSignal; readonly timeoutMs: number; readonly clock: Clock },
): Promise<T> {
  signal.throwIfAborted()
  const own = new AbortController()
  const end = (): void => own.abort(signal.reason)
  const timer = startTimer(clock, timeoutMs, () =>
    own.abort(new DeadlineError('TIERCEL_LOAD_DEADLINE', `The source did not take a write within ${timeoutMs} ms.`, timeoutMs)),
  )
  signal.addEventListener('abort', end)
  try {
    const ended = new Promise<never>((_, reject) => own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true }))
    return await Promise.race([call(own.signal), ended])
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', end)
  }
}
