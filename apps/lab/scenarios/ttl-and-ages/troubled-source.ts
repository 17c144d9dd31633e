import { setTimeout as wait } from 'node:timers/promises'
import type { LoadedValue } from '../../measure/outcome-of.ts'
import type { Parameters } from './parameters.ts'

export const slowFactor = 8

export interface SourceLoad {
  readonly by: number
  readonly startMs: number
  endMs: number | undefined
  end: 'done' | 'failed' | undefined
}

/** A source whose time and failures are set: a timer, and in the middle third of the run a trouble. Moments since the start of the run. */
export class TroubledSource {
  readonly loads: SourceLoad[] = []
  readonly #parameters: Parameters
  #startMs = 0

  constructor(parameters: Parameters) {
    this.#parameters = parameters
  }

  start(startMs: number): void {
    this.#startMs = startMs
  }

  async load(by: number): Promise<LoadedValue> {
    const { trouble, load: takesMs } = this.#parameters
    const number = this.loads.length + 1
    const load: SourceLoad = { by, startMs: this.#nowMs(), endMs: undefined, end: undefined }
    this.loads.push(load)
    const isTroubled = isWithin(troubleSpan(this.#parameters), load.startMs)
    await wait(isTroubled && trouble === 'slow' ? takesMs * slowFactor : takesMs)
    load.endMs = this.#nowMs()
    load.end = isTroubled && trouble === 'fails' ? 'failed' : 'done'
    if (load.end === 'failed') throw new Error('the source is down')
    return { number, loadedAtMs: performance.now(), by }
  }

  #nowMs(): number {
    return performance.now() - this.#startMs
  }
}

/** When the source is troubled, in ms since the start. */
export function troubleSpan({ trouble, seconds }: Pick<Parameters, 'trouble' | 'seconds'>): { startMs: number; endMs: number } | undefined {
  return trouble === 'none' ? undefined : { startMs: (seconds * 1000) / 3, endMs: (seconds * 2000) / 3 }
}

function isWithin(span: { startMs: number; endMs: number } | undefined, ms: number): boolean {
  return span !== undefined && ms >= span.startMs && ms < span.endMs
}
