import type { Cache } from '../../src/cache/cache.ts'
import type { CacheEvent } from '../../src/telemetry/event.ts'

/** The events of a cache as short lines, so that a test reads like a trace. */
export function eventLog(cache: Cache): string[] {
  const lines: string[] = []
  cache.on((event) => lines.push(line(event)))
  return lines
}

function line(event: CacheEvent): string {
  const detail =
    'tier' in event ? ` ${event.tier}` : 'reason' in event ? ` ${event.reason}` : 'operation' in event ? ` ${event.operation}` : ''
  return `${event.type}${detail}`
}
