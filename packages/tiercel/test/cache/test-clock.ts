import type { Clock } from '../../src/kernel/clock.ts'

/** Time that stands still until it is moved. */
export class TestClock implements Clock {
  nowMs = 1_000_000

  monotonicMs(): number {
    return this.nowMs
  }

  passMs(ms: number): void {
    this.nowMs += ms
  }
}
