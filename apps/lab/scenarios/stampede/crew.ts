import { type Crew as AnyCrew, createCrew as createAnyCrew } from '../crew.ts'
import type { Order, Report } from './protocol.ts'

export type Crew = AnyCrew<Order, Report>

export function createCrew(size: number): Crew {
  return createAnyCrew(new URL('./worker.ts', import.meta.url), size)
}
