/**
 * Joins reads: all that are asked for in one turn of the event loop leave together.
 *
 * Two hundred GETs cost a client two hundred commands, replies and promises to match up; one MGET of two hundred keys costs one. The batch
 * is sent by `process.nextTick`, which runs when the continuations of the current turn have all run, so that reads issued by
 * the answers of the last batch make up the next one. A single read waits for nothing that it would not have waited for alone.
 */
export type SendReads = (keys: string[], settle: ReadSettlement) => void

/** Told once per batch, with one result per key, or the error that all of them share. */
export interface ReadSettlement {
  resolve(values: readonly unknown[]): void
  reject(error: unknown): void
}

export class ReadBatcher {
  readonly #send: SendReads
  readonly #maxKeys: number
  #open: Batch | undefined
  readonly #flush = (): void => this.flush()

  constructor(send: SendReads, maxKeys: number) {
    this.#send = send
    this.#maxKeys = maxKeys
  }

  get(key: string): Promise<Buffer | undefined> {
    let batch = this.#open
    if (batch === undefined) {
      batch = new Batch()
      this.#open = batch
      process.nextTick(this.#flush)
    }
    const read = batch.add(key)
    if (batch.keys.length === this.#maxKeys) this.flush()
    return read
  }

  /** Sends what has been asked for so far. Called before a write, so that reads and writes keep their order. */
  flush(): void {
    const batch = this.#open
    if (batch === undefined) return
    this.#open = undefined
    this.#send(batch.keys, batch)
  }
}

class Batch implements ReadSettlement {
  readonly keys: string[] = []
  readonly #resolves: ((bytes: Buffer | undefined) => void)[] = []
  readonly #rejects: ((error: unknown) => void)[] = []

  add(key: string): Promise<Buffer | undefined> {
    this.keys.push(key)
    return new Promise((resolve, reject) => {
      this.#resolves.push(resolve)
      this.#rejects.push(reject)
    })
  }

  resolve(values: readonly unknown[]): void {
    for (let i = 0; i < this.#resolves.length; i += 1) {
      const value = values[i]
      ;(this.#resolves[i] as (bytes: Buffer | undefined) => void)(Buffer.isBuffer(value) ? value : undefined)
    }
  }

  reject(error: unknown): void {
    for (const reject of this.#rejects) reject(error)
  }
}
