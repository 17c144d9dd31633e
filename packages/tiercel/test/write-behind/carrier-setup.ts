import type { CarryOptions } from '../../src/patterns/write-behind/index.ts'
import type { SourceFaults } from './valkey-source.ts'

export interface CarrierSetup {
  readonly logUrl: string
  readonly sourceUrl: string
  readonly name: string
  readonly template: string
  readonly faults: SourceFaults
  readonly options: CarryOptions & { readonly partitions: number }
}
