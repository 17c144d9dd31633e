import { setTimeout as wait } from 'node:timers/promises'
import { TestServerError } from './test-server-error.ts'

/**
 * Asks again and again until `check` returns true. An error of `check` counts as "not yet" and is told when time is up.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_NOT_READY
 */
export async function waitUntil(what: string, timeoutMs: number, check: () => Promise<boolean>): Promise<void> {
  const endAtMs = performance.now() + timeoutMs
  let last: unknown
  for (let pauseMs = 5; performance.now() < endAtMs; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    try {
      last = undefined
      if (await check()) return
    } catch (error) {
      last = error
    }
    await wait(pauseMs)
  }
  const reason = last instanceof Error ? `: ${last.message}` : ''
  throw new TestServerError('TIERCEL_TEST_SERVER_NOT_READY', `${what}: not within ${timeoutMs / 1000} s${reason}`, { cause: last })
}
