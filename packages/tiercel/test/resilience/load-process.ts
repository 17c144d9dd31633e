import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { WorkerProcess } from '../fleet/worker-process.ts'
import type { Ends } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import type { Figures, LoadCall, LoadPlan, LoadReply, LoadSetup, Looked, Weighed } from './load-messages.ts'

/** Caches under load in a process of their own. */
export class LoadProcess {
  readonly #worker: WorkerProcess<LoadCall, LoadReply>

  private constructor(setup: LoadSetup) {
    this.#worker = new WorkerProcess(new URL('./load.worker.ts', import.meta.url), setup)
  }

  static async start(setup: LoadSetup, ends: Ends): Promise<LoadProcess> {
    const started = new LoadProcess(setup)
    ends.push(() => started.#worker.kill())
    await started.#worker.ready
    return started
  }

  async offer(plan: LoadPlan): Promise<void> {
    await this.#worker.run({ do: 'start', ...plan })
  }

  /** Offers a load and says what it looks like once it has settled, over so many ms. */
  async offerAndSettle(plan: LoadPlan, ms: number): Promise<Figures> {
    await this.offer(plan)
    await sleep(3_000)
    await this.tell()
    await sleep(ms)
    const calm = await this.tell()
    console.info(`before: ${describeFigures(calm)}`)
    return calm
  }

  tell(): Promise<Figures> {
    return this.#worker.run({ do: 'tell' }) as Promise<Figures>
  }

  stop(): Promise<Figures> {
    return this.#worker.run({ do: 'stop' }) as Promise<Figures>
  }

  look(): Promise<Looked> {
    return this.#worker.run({ do: 'look' }) as Promise<Looked>
  }

  weigh(): Promise<Weighed> {
    return this.#worker.run({ do: 'weigh' }) as Promise<Weighed>
  }
}

/**
 * Caches under the load of a plan, where the machine is quiet enough for times to say something: judged by a time when nothing is disturbed. Else, and in
 * small runs beside other tests, under a light load and with patience: what is right and wrong is judged all the same.
 */
export async function startLoad(
  setup: LoadSetup,
  plan: LoadPlan,
  ends: Ends,
): Promise<{ readonly load: LoadProcess; readonly isJudged: boolean }> {
  if (testSize({ small: 1, ci: 0, release: 0 }) === 0) {
    const load = await LoadProcess.start(setup, ends)
    const calm = await load.offerAndSettle(plan, 2_000)
    if (isQuiet(calm, plan)) return { load, isJudged: true }
    console.info('the machine is busy: times are not judged')
    await load.stop()
  }
  const caches = setup.caches.map((cache) => ({ ...cache, stepMs: 500, maxOpenMs: 1_000 }))
  const load = await LoadProcess.start({ ...setup, caches }, ends)
  await load.offer({ ...plan, ratePerSecond: 300, deadlineMs: 10_000 })
  await sleep(2_000)
  return { load, isJudged: false }
}

function isQuiet({ p99Ms, lagMs, seconds, calls }: Figures, { ratePerSecond }: LoadPlan): boolean {
  return p99Ms <= 30 && lagMs <= 40 && calls / seconds >= ratePerSecond * 0.95
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** No wrong value, none that is stale beyond the bound, and nobody was told of a fault. */
export function expectNothingWrong({ wrong, stale, errors }: Figures): void {
  expect({ wrong, stale, errors }).toEqual({ wrong: [], stale: [], errors: {} })
}

/** One line for people. */
export function describeFigures({
  calls,
  seconds,
  loads,
  longestLoadMs,
  p50Ms,
  p99Ms,
  mostMs,
  lagMs,
  wrong,
  stale,
  errors,
}: Figures): string {
  const failed = Object.entries(errors).map(([name, count]) => `${count} × ${name}`)
  return (
    `${calls} calls at ${Math.round(calls / seconds)}/s, ${loads} loads of at most ${longestLoadMs.toFixed(0)} ms, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ` +
    `most ${mostMs.toFixed(0)} ms, event loop late by ${lagMs.toFixed(0)} ms, ${wrong.length} wrong, ${stale.length} stale, ` +
    `errors: ${failed.length === 0 ? 'none' : failed.join(', ')}`
  )
}
