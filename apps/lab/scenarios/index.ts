import type { Scenario } from './scenario.ts'
import { whatACacheSaves } from './what-a-cache-saves/scenario.ts'

/** Every scenario of the lab. Adding one here is all it takes. */
export const scenarios: readonly Scenario[] = [whatACacheSaves]

export function findScenario(id: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.id === id)
}
