import { performance } from 'node:perf_hooks'
import { median } from './statistics.ts'
import type { Speed } from './suite.ts'

/** Runs `work` once, which does `operations` operations, and says what one of them took. */
export async function time(operations: number, work: () => Promise<void>): Promise<Speed> {
  const cpuBefore = process.cpuUsage()
  const startedAtMs = performance.now()
  await work()
  const wallMs = performance.now() - startedAtMs
  const cpu = process.cpuUsage(cpuBefore)
  return { cpuUs: (cpu.user + cpu.system) / operations, wallUs: (wallMs * 1000) / operations }
}

/** Runs `work` once, which does `operations` operations without waiting for anything, and says what one of them took. */
export function timeSync(operations: number, work: () => void): Speed {
  const cpuBefore = process.cpuUsage()
  const startedAtMs = performance.now()
  work()
  const wallMs = performance.now() - startedAtMs
  const cpu = process.cpuUsage(cpuBefore)
  return { cpuUs: (cpu.user + cpu.system) / operations, wallUs: (wallMs * 1000) / operations }
}

/** The median of several passes of one process, each clock by itself. */
export function middle(passes: readonly Speed[]): Speed {
  return { cpuUs: median(passes.map((pass) => pass.cpuUs)), wallUs: median(passes.map((pass) => pass.wallUs)) }
}

/** Throws away the garbage of what came before, so that it is not collected on somebody else's time. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc')
  globalThis.gc()
}

/** Turns the event loop once: timers run, clocks that libraries keep for a turn are renewed. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Calls `read` for `keys[order[0]]`, `keys[order[1]]`, … with `width` calls under way at a time, each lane beginning its next
 * when its last has ended, and keeps what they return: comparing is for after the clock.
 */
export async function readInFlight<T>(options: {
  readonly read: (key: string) => Promise<T>
  readonly keys: readonly string[]
  readonly order: Uint32Array
  readonly width: number
}): Promise<T[]> {
  const { read, keys, order, width } = options
  const results = new Array<T>(order.length)
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < order.length) {
      const index = next++
      results[index] = await read(keys[order[index] as number] as string)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  return results
}
