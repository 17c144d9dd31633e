import { setTimeout as wait } from 'node:timers/promises'

/** What the server answers within so many ms, or nothing. */
export async function inTime<T>(answer: Promise<T>, patienceMs: number): Promise<T | null> {
  const late = new AbortController()
  const limit = wait(patienceMs, null, { signal: late.signal }).catch(() => null)
  const first = await Promise.race([answer.catch(() => null), limit])
  late.abort()
  return first
}
