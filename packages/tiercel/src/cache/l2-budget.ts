import { DeadlineError } from '../kernel/errors.ts'
import type { StartDeadline } from '../resilience/deadline.ts'
import { limit } from '../stores/limit.ts'
import type { Core } from './core.ts'

/**
 * What one call may wait for L2 before its loader starts: the store's budget for a step, once for all steps together.
 *
 * A store gives each step its own budget. A call that looks, asks for tags and takes a lease would wait three of them for a server that hangs in between,
 * and its caller for longer than he was told. What is cut short here goes on in the store, which judges the server by it.
 */
export class L2Budget {
  /** `undefined`: nothing is waited for, so nothing is counted. */
  readonly #limitMs: number | undefined
  readonly #nowMs: () => number
  readonly #startDeadline: StartDeadline
  #spentMs = 0
  /** Steps that are waited for together are paid for once. */
  #underWay = 0
  #sinceMs = 0

  constructor(limitMs: number | undefined, { nowMs, startDeadline }: Pick<Core, 'nowMs' | 'startDeadline'>) {
    this.#limitMs = limitMs
    this.#nowMs = nowMs
    this.#startDeadline = startDeadline
  }

  /** Another process was waited for meanwhile, which has a limit of its own. */
  renew(): void {
    this.#spentMs = 0
  }

  /** A step that was answered took so long. */
  spend(ms: number): void {
    this.#spentMs += ms
    // Answered, though it took more than any step may: the first link was waited for, or this process was busy. The server has not hung.
    if (this.#spentMs >= (this.#limitMs ?? 0)) this.#spentMs = 0
  }

  /**
   * Waits for a step as long as there is something left.
   *
   * @throws {TIERCEL_STORE_DEADLINE} what `step` rejects with
   */
  async within<T>(step: Promise<T>, operation: string): Promise<T> {
    const limitMs = this.#limitMs
    if (limitMs === undefined) return step
    const leftMs = limitMs - this.#spentMs
    this.#begin()
    try {
      const answer = await limit(step, leftMs, () => spentError(limitMs, operation), this.#startDeadline)
      this.#end()
      return answer
    } catch (error) {
      this.#underWay -= 1
      // Who was not answered asks no more.
      this.#spentMs = limitMs
      throw error
    }
  }

  #begin(): void {
    if (this.#underWay === 0) this.#sinceMs = this.#nowMs()
    this.#underWay += 1
  }

  #end(): void {
    this.#underWay -= 1
    if (this.#underWay === 0) this.spend(this.#nowMs() - this.#sinceMs)
  }
}

function spentError(limitMs: number, operation: string): DeadlineError {
  const text = `${operation}: the server has not answered the steps of this call within ${limitMs} ms, all together.`
  return new DeadlineError('TIERCEL_STORE_DEADLINE', text, limitMs, { operation })
}
