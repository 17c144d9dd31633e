/** Whether what a sender has numbered has all arrived. */
export class Sequences {
  readonly #last = new Map<string, { sequence: number; heardAtMs: number }>()
  readonly #forgetAfterMs: number

  constructor(forgetAfterMs: number) {
    this.#forgetAfterMs = forgetAfterMs
  }

  get senders(): number {
    return this.#last.size
  }

  /**
   * An invalidation came in. True where others before it have not: also of a sender that was never heard, unless it has just begun.
   * One that comes late, or twice, misses nothing: what it overtook was told then.
   */
  received(sender: string, sequence: number, nowMs: number): boolean {
    return this.#reached(sender, sequence, sequence - 1, nowMs)
  }

  /** A heartbeat came in, which says what was sent last. */
  announced(sender: string, sequence: number, nowMs: number): boolean {
    return this.#reached(sender, sequence, sequence, nowMs)
  }

  /** Those who have been silent for long have ended, or will be counted as new. */
  forget(nowMs: number): void {
    for (const [sender, { heardAtMs }] of this.#last) if (nowMs - heardAtMs > this.#forgetAfterMs) this.#last.delete(sender)
  }

  #reached(sender: string, sequence: number, before: number, nowMs: number): boolean {
    const known = this.#last.get(sender)
    const last = known?.sequence ?? 0
    this.#last.set(sender, { sequence: Math.max(last, sequence), heardAtMs: nowMs })
    return before > last
  }
}
