import { StoreError } from '../kernel/errors.ts'

export type LinkState = 'ready' | 'waiting' | 'gone'

const pollMs = 5

/**
 * Waits until `state()` is `ready`. Polls: a borrowed client's listeners are its owner's, and taking the last one off a
 * node-redis client cuts its events off (what `createClient` returns only inherits from the emitter).
 *
 * @throws {TIERCEL_STORE_UNAVAILABLE} the state is `gone`, or `signal` fired
 */
export async function whenReady(name: string, state: () => LinkState, signal?: AbortSignal): Promise<void> {
  for (let current = state(); current !== 'ready'; current = state()) {
    if (current === 'gone') throw neverReady(name, 'it was closed, or gave up connecting')
    if (signal?.aborted) throw neverReady(name, 'the wait for it was given up', signal.reason)
    await new Promise<void>((resolve) => setTimeout(resolve, pollMs).unref())
  }
}

function neverReady(name: string, why: string, cause?: unknown): StoreError {
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', `The ${name} client has no link to the server: ${why}.`, { cause })
}
