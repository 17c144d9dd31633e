/** Share of the requests that reached the source, in equal stretches of the sequence. */
export class SourceShares {
  readonly #length: number
  readonly #reached: number[]
  readonly ends: number[]

  constructor(requests: number) {
    const stretches = Math.min(60, Math.max(1, Math.floor(requests / 50)))
    this.#length = Math.ceil(requests / stretches)
    this.#reached = new Array<number>(stretches).fill(0)
    this.ends = this.#reached.map((_, place) => Math.min(requests, (place + 1) * this.#length))
  }

  add(index: number, hasReached: boolean): void {
    if (hasReached) this.#reached[Math.floor(index / this.#length)]! += 1
  }

  /** `null` where the lane did not get to. */
  shares(requests: number): (number | null)[] {
    return this.ends.map((end, place) => {
      const start = place * this.#length
      return end <= requests && end > start ? (this.#reached[place] as number) / (end - start) : null
    })
  }
}
