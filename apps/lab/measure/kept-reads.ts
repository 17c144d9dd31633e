import { Thinned } from './thinned.ts'

const mostKept = 600
const mostWhileLive = 120

/** Reads of a lane as a timeline shows them: evenly thinned, more of them when the run is over than while it goes on. */
export class KeptReads<Read> {
  readonly #all = new Thinned<Read>(mostKept)
  readonly #live = new Thinned<Read>(mostWhileLive)

  add(read: Read): void {
    this.#all.add(read)
    this.#live.add(read)
  }

  get all(): readonly Read[] {
    return this.#all.items
  }

  get live(): readonly Read[] {
    return this.#live.items
  }

  /** Of `all`. */
  get readsPerMark(): number {
    return this.#all.every
  }
}
