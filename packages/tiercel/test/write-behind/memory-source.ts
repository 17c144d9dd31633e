import type { Source, SourceWrite, StoreManyResult, WriteContext } from '../../src/sources/source.ts'

export interface Params {
  readonly id: number
}

/** A source that checks sequences, remembers what it was given, and fails as it is told. */
export class MemorySource implements Source<Params, unknown> {
  readonly checksSequences = true
  readonly rows: Map<number, { readonly value: unknown; readonly sequence: number }> = new Map()
  /** What was put over what was there, in order. */
  readonly applied: { readonly id: number; readonly value: unknown; readonly sequence: number }[] = []
  calls = 0
  /** Writes that came when there was something newer, or the same. */
  late = 0
  isDown = false
  refuses: (value: unknown) => boolean = () => false
  /** Called before anything is stored. */
  before: () => Promise<unknown> = () => Promise.resolve()

  async store({ id }: Params, value: unknown, { sequence = 0 }: WriteContext): Promise<void> {
    await this.storeMany([{ params: { id }, value, sequence }])
  }

  /** One transaction. */
  async storeMany(writes: readonly SourceWrite<Params, unknown>[]): Promise<StoreManyResult> {
    this.calls += 1
    await this.before()
    if (this.isDown) throw new Error('the source is down')
    const refused = writes.find(({ value }) => this.refuses(value))
    if (refused !== undefined) throw new Error(`refused: ${String(refused.value)}`)
    for (const { params, value, sequence = 0 } of writes) this.#apply(params.id, value, sequence)
  }

  async remove({ id }: Params, { sequence = 0 }: WriteContext): Promise<void> {
    await this.before()
    if (this.isDown) throw new Error('the source is down')
    this.#apply(id, undefined, sequence)
  }

  values(id: number): unknown[] {
    return this.applied.filter((each) => each.id === id).map(({ value }) => value)
  }

  #apply(id: number, value: unknown, sequence: number): void {
    if (sequence <= (this.rows.get(id)?.sequence ?? 0)) {
      this.late += 1
      return
    }
    this.rows.set(id, { value, sequence })
    this.applied.push({ id, value, sequence })
  }
}
