import { unavailable } from './unavailable.ts'

export type LinkState = 'ready' | 'waiting' | 'gone'

const pollMs = 5
const firstLinkMs = 500

/** For what is worth waiting for only a moment: the first link to one node of several. Ends with `signal` too. */
export function aMoment(signal?: AbortSignal): AbortSignal {
  const moment = AbortSignal.timeout(firstLinkMs)
  return signal === undefined ? moment : AbortSignal.any([moment, signal])
}

/**
 * Waits until `state()` is `ready`. Polls: a borrowed client's listeners are its owner's, and taking the last one off a
 * node-redis client cuts its events off (what `createClient` returns only inherits from the emitter).
 *
 * @param lastError what the client reported last
 * @throws {TIERCEL_STORE_UNAVAILABLE} the state is `gone`, or `signal` fired
 */
export async function whenReady(name: string, state: () => LinkState, signal?: AbortSignal, lastError?: () => unknown): Promise<void> {
  for (let current = state(); current !== 'ready'; current = state()) {
    if (current === 'gone') throw unavailable(name, 'closed, or gave up connecting', lastError?.())
    if (signal?.aborted) throw unavailable(name, 'still connecting', lastError?.())
    await new Promise<void>((resolve) => setTimeout(resolve, pollMs))
  }
}
