import type { BoardModule } from '../../scenarios/description.ts'
import type { Fact } from '../../scenarios/run-result.ts'
import type { Preparation } from '../../server/preparation.ts'

/** What the server puts into the page, and answers at /api/lab. */
export interface LabState {
  readonly preparation: Preparation
  readonly facts: readonly Fact[]
  readonly active: { readonly id: string; readonly scenario: string } | null
  readonly board: readonly BoardModule[]
}
