import type { Reader } from './store.ts'

/**
 * Joins reads: all that are asked for in one turn of the event loop leave together.
 *
 * Two hundred GETs cost a client two hundred commands, replies and promises to match up; one MGET of two hundred keys costs one. The batch
 * is sent by `process.nextTick`, which runs when the continuations of the current turn have all run, so that reads issued by
 * the answers of the last batch make up the next one. A single read waits for nothing that it would not have waited for alone.
 */
export type SendReads = (keys: string[], settle: ReadSettlement) => void

/** Told once per batch, with one result per key, which may be an error, or the error that all of them share. */
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
    return new Promise((onRead, onFailure) => this.read(key, { onRead, onFailure }))
  }

  read(key: string, reader: Reader): void {
    let batch = this.#open
    if (batch === undefined) {
      batch = new Batch()
      this.#open = batch
      process.nextTick(this.#flush)
    }
    batch.keys.push(key)
    batch.readers.push(reader)
    if (batch.keys.length === this.#maxKeys) this.flush()
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
  readonly readers: Reader[] = []

  resolve(values: readonly unknown[]): void {
    for (let i = 0; i < this.readers.length; i += 1) {
      const value = values[i]
      const reader = this.readers[i] as Reader
      if (value instanceof Error) reader.onFailure(value)
      else reader.onRead(Buffer.isBuffer(value) ? value : undefined)
    }
  }

  reject(error: unknown): void {
    for (const reader of this.readers) reader.onFailure(error)
  }
}
