/** Keys of one span that are remembered; beyond that every key counts as one. */
const mostKeys = 50_000

/** Which keys were named within the last `spanMs`, and some of the `spanMs` before: two sets that take turns, so that nothing has to be looked for to be forgotten. */
export class RecentKeys {
  readonly #spanMs: number
  readonly #nowMs: () => number
  #current: Set<string> = new Set()
  #previous: Set<string> = new Set()
  #turnedAtMs = Number.NEGATIVE_INFINITY
  /** Until when every key counts as named. */
  #allUntilMs = Number.NEGATIVE_INFINITY

  constructor(spanMs: number, nowMs: () => number) {
    this.#spanMs = spanMs
    this.#nowMs = nowMs
  }

  /** @param keys `null`: any key, maybe */
  add(keys: readonly string[] | null): void {
    const nowMs = this.#nowMs()
    this.#turn(nowMs)
    if (keys === null || this.#current.size + keys.length > mostKeys) this.#allUntilMs = nowMs + this.#spanMs
    else for (const key of keys) this.#current.add(key)
  }

  has(key: string): boolean {
    const nowMs = this.#nowMs()
    if (nowMs <= this.#allUntilMs) return true
    if (this.#current.size === 0 && this.#previous.size === 0) return false
    this.#turn(nowMs)
    return this.#current.has(key) || this.#previous.has(key)
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#turnedAtMs
    if (ageMs <= this.#spanMs) return
    this.#previous = ageMs <= 2 * this.#spanMs ? this.#current : new Set()
    this.#current = new Set()
    this.#turnedAtMs = nowMs
  }
}
