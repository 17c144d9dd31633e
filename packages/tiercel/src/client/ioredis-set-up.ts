import type { Ioredis } from './ioredis-shape.ts'

/** How the set-up of a client's connections goes: its user and its database. */
export interface SetUp {
  /** Whether that of the present connection was refused: it is not to be used. */
  isRefused(): boolean
  /** How many were refused, one after the other. */
  refusals(): number
  /** What the last of these was refused with. */
  refusal(): unknown
}

/**
 * Watches what a client that is ours is answered before it is ready, and ends a connection whose `AUTH` or `SELECT` was refused: ioredis goes on with it, for a moment
 * or for good, as another user and on another database.
 */
export function watchSetUp(live: Ioredis): SetUp {
  let isRefused = false
  let refusals = 0
  let refusal: unknown
  live.on('connect', () => {
    isRefused = false
  })
  live.on('error', (error: unknown) => {
    if ((error as Partial<Error>)?.name !== 'ReplyError' || isRefused) return
    isRefused = true
    refusals += 1
    refusal = error
    live.stream?.destroy()
  })
  live.on('ready', () => {
    if (isRefused) return
    refusals = 0
    refusal = undefined
  })
  return { isRefused: () => isRefused, refusals: () => refusals, refusal: () => refusal }
}
