import { ask } from './resp.ts'
import type { RunningServer } from './standalone.ts'

export const troubles = ['kill', 'hang', 'cut', 'slow', 'full'] as const

/**
 * What can befall a server, as its clients see it.
 *
 * - `kill`: SIGKILL; it comes back empty, unless its config makes it keep data.
 * - `hang`: SIGSTOP; connections stay open, nothing is answered.
 * - `cut`: every connection through the way before it is reset, and none can be made.
 * - `slow`: every answer comes 300 ms late.
 * - `full`: `maxmemory` is passed and nothing may be evicted, so that what stores is refused.
 */
export type Trouble = (typeof troubles)[number]

/** The way to a server; the fault proxy of `tiercel/testing` is one. */
export interface Way {
  impose(condition: { readonly delayMs: number }, scope: { readonly direction: 'to-client' }): unknown
  /** New connections are refused. */
  refuse(): void
  kill(how: 'reset'): unknown
  heal(): void
}

const lateMs = 300

/** @returns what makes it good again; one trouble at a time */
export async function cause(trouble: Trouble, server: RunningServer, way: Way): Promise<() => Promise<void>> {
  switch (trouble) {
    case 'kill':
      await server.kill('SIGKILL')
      return () => server.restart()
    case 'hang':
      server.pause()
      return async () => server.resume()
    case 'cut':
      way.refuse()
      way.kill('reset')
      return async () => way.heal()
    case 'slow':
      way.impose({ delayMs: lateMs }, { direction: 'to-client' })
      return async () => way.heal()
    case 'full':
      await ask(server, ['CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction'])
      return async () => void (await ask(server, ['CONFIG', 'SET', 'maxmemory', '0']))
  }
}
