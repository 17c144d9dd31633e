import { UsageError } from '../../kernel/errors.ts'
import { show } from '../../kernel/show.ts'
import type { AnySource, OnFull } from './options.ts'

/** Which source a name stands for. */
export class SourceNames {
  readonly #onFull: OnFull
  readonly #sources: Map<string, AnySource> = new Map()

  constructor(onFull: OnFull) {
    this.#onFull = onFull
  }

  /** @throws {TIERCEL_INVALID_OPTION} {TIERCEL_TEMPLATE_CONFLICT} {TIERCEL_UNSUPPORTED} */
  add(name: string, source: AnySource): void {
    if (typeof name !== 'string' || name === '' || /\s/.test(name)) {
      throw new UsageError('TIERCEL_INVALID_OPTION', `source: the name ${show(name)} is not allowed. Allowed: text without spaces.`)
    }
    if (typeof source !== 'object' || source === null) {
      throw new UsageError('TIERCEL_INVALID_OPTION', `source: ${show(source)} is no source of ${show(name)}.`)
    }
    if (source.store === undefined && source.storeMany === undefined && source.remove === undefined) {
      throw new UsageError('TIERCEL_UNSUPPORTED', `The source of ${show(name)} cannot be written to: it has no store, storeMany or remove.`)
    }
    if (this.#onFull === 'through' && source.checksSequences !== true) {
      const text = `The source of ${show(name)} does not say checksSequences, and with onFull: 'through' a write may overtake those that wait for it. Use 'wait' or 'refuse'.`
      throw new UsageError('TIERCEL_UNSUPPORTED', text)
    }
    const known = this.#sources.get(name)
    if (known !== undefined && known !== source) {
      throw new UsageError('TIERCEL_TEMPLATE_CONFLICT', `The log has another source for ${show(name)}. A name belongs to one source.`)
    }
    this.#sources.set(name, source)
  }

  get(name: string): AnySource | undefined {
    return this.#sources.get(name)
  }
}
