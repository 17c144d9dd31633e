import { type Clock, startHoldingTimer, type Timer } from '../kernel/clock.ts'
import { checkOptionNames, wholeNumber } from '../kernel/options.ts'
import type { Core } from './core.ts'

export interface CloseOptions {
  /**
   * How long what is under way is waited for: loads, values on their way to L2, invalidations that the server was not told of yet. In ms, 0 to 600,000. What is not over then is
   * left: a loader runs on, its callers get its value, and nothing is stored. Default: 5,000.
   */
  readonly drainMs?: number
}

const mostDrainMs = 600_000
const journalPauseMs = 50

/** @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} */
export function checkClose(options: CloseOptions): number {
  checkOptionNames(options, ['drainMs'], 'close')
  return wholeNumber(options.drainMs ?? 5_000, 0, mostDrainMs, 'close: drainMs')
}

/** Ends what a cache has begun, in the order in which it can still be of use. */
export async function closeCore(core: Core, drainMs: number): Promise<void> {
  core.l1?.clear()
  await within(core.clock, drainMs, (isOver) => drain(core, isOver))
  core.l1?.clear()
  core.journal?.close()
  core.leases?.close()
  await core.changes?.close()
  await core.l2?.close()
}

async function drain({ background, journal, clock }: Core, isOver: () => boolean): Promise<void> {
  await background.idle()
  while (journal !== undefined && journal.queued > 0 && !isOver()) {
    if (await journal.replay()) return
    await new Promise<void>((resolve) => startHoldingTimer(clock, journalPauseMs, resolve))
  }
}

async function within(clock: Clock, limitMs: number, work: (isOver: () => boolean) => Promise<void>): Promise<void> {
  let isOver = false
  let timer: Timer | undefined
  const limit = new Promise<void>((resolve) => {
    timer = startHoldingTimer(clock, limitMs, () => {
      isOver = true
      resolve()
    })
  })
  await Promise.race([work(() => isOver), limit]).finally(() => timer?.cancel())
}
