/** More of a line is not kept; numbers are shorter. */
const maxKeptLength = 64

const lineFeed = 10

/** Puts a line together that comes in pieces. */
export class LineReader {
  #kept = ''
  #length = 0
  #last = ''

  /**
   * Takes bytes up to the end of the line.
   *
   * @returns where the next line begins; the chunk's length when this one has not ended
   */
  take(chunk: Buffer, from: number): { readonly end: number; readonly isWhole: boolean } {
    const at = chunk.indexOf(lineFeed, from)
    const end = at === -1 ? chunk.length : at + 1
    if (this.#kept.length < maxKeptLength) this.#kept += chunk.toString('latin1', from, Math.min(end, from + maxKeptLength))
    this.#length += end - from
    if (end > from) this.#last = (this.#last + chunk.toString('latin1', Math.max(from, end - 2), end)).slice(-2)
    return { end, isWhole: at !== -1 }
  }

  /** How long it is until now, its end included. */
  get length(): number {
    return this.#length
  }

  /** Ends it. @returns its text without the end, the first 64 characters of it; `undefined` when it does not end with CRLF, as RESP has it */
  finish(): string | undefined {
    const text = this.#last === '\r\n' ? this.#kept.slice(0, Math.min(this.#length - 2, maxKeptLength)) : undefined
    this.#kept = ''
    this.#length = 0
    this.#last = ''
    return text
  }
}

/** @returns a whole number from -1, as RESP writes lengths; `undefined` when it is none */
export function lengthIn(text: string | undefined): number | undefined {
  return text !== undefined && /^(-1|\d{1,15})$/.test(text) ? Number(text) : undefined
}
